import ArgumentParser
import Core
import Monitoring
import Recovery
import System

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows how far a run is.",
    discussion: """
      Examples:
        modeltree status run
        modeltree status run --watch
        modeltree status tcp://head:5555 --key worker.key
        modeltree status run --json
      """)

  @Argument(
    help: ArgumentHelp(
      "A run directory, a batch's directory, or a coordinator's endpoint, as tcp://head:5555.",
      valueName: "run|endpoint"))
  var source: String

  @Option(
    help: ArgumentHelp(
      "For an endpoint: a key file that 'modeltree keygen' made for a worker.", valueName: "file"))
  var key: String?

  @Flag(help: "For an endpoint beyond this machine without keys: whoever answers is believed.")
  var insecure = false

  @Flag(help: "Look every second, until the run has ended; a line every ten seconds where there is no terminal.")
  var watch = false

  @Flag(help: "List every worker, job and host.")
  var all = false

  @Flag(help: "Print JSON; with --watch, an object a line.")
  var json = false

  func run() throws {
    let signals = watch ? StatusWatch.stopSignals() : nil
    defer { withExtendedLifetime(signals) {} }
    try reporting { () throws(Failure) in
      let source = try StatusSource(source, key: key, insecure: insecure)
      let form = StatusText(columns: Terminal.size?.columns, workers: all ? nil : 20)
      if watch { return try StatusWatch(source: source, form: form, json: json).run() }
      let report = try source.look()
      Console.result(json ? report.json : report.text(form))
    }
  }
}
