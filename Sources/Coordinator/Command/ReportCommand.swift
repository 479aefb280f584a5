import ArgumentParser
import Core
import Printing
import Reports
import System

struct ReportCommand: ModelTreeCommand {
  enum Output: String, ExpressibleByArgument, CaseIterable { case html, json }

  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a run's findings as a report.",
    discussion: """
      One page to read or print: claims with their alternatives, a matrix of what was compared, how often such edges \
      are right, licenses along the edges and their conflicts (if the run had --hints), limits, and files with their \
      hashes (if it had --hashes).

      Examples:
        modeltree report run > report.html
        modeltree report run m-8f45 > finding.html
      """)

  @Argument(help: ArgumentHelp("The run directory of a finished run.", valueName: "run"), completion: .directory)
  var path: String
  @Argument(
    help: ArgumentHelp("Models to include (default: all).", valueName: "model"),
    completion: RunCompletion.models)
  var models: [String] = []

  @Option(help: ArgumentHelp("html or json.", valueName: "format")) var format: Output = .html
  @Flag(help: "The same as --format json.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let finished = try FinishedRun(path: path)
      let report = try LineageReport(
        finished, models: try models.map { text throws(Failure) in try finished.model(text) })
      Console.result(format == .html && !json ? report.html : report.json)
    }
  }
}
