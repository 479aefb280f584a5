import ArgumentParser
import Core
import Monitoring
import Printing
import Recovery
import System

struct StatusCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows the progress of a run.",
    discussion: """
      Examples:
        modeltree status run
        modeltree status run --watch
        modeltree status tcp://head:5555 --key worker.key
        modeltree status run --json
      """)

  @Argument(
    help: ArgumentHelp(
      "A run directory, a batch's directory, or a coordinator's endpoint such as tcp://head:5555.",
      valueName: "run|endpoint"), completion: .directory)
  var source: String

  @Option(
    help: ArgumentHelp(
      "For an endpoint: a key file that 'modeltree keygen' made for a worker.", valueName: "file"), completion: .file())
  var key: String?

  @Flag(help: "Connect beyond this machine without keys: whoever answers is trusted.")
  var insecure = false

  @Flag(help: "Refresh every second until the run has ended; without a terminal, print a line every ten seconds.")
  var watch = false

  @Flag(help: "List every worker, job and host.")
  var all = false

  @Flag(help: "Print JSON; with --watch, one object per line.")
  var json = false
  @OptionGroup var messages: MessageArguments

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
