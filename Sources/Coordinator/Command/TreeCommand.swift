import ArgumentParser
import Core
import Foundation
import Printing
import Reports
import System

struct TreeCommand: ModelTreeCommand {
  /// Everything that a tree can be printed as.
  enum Output: ExpressibleByArgument {
    case format(TreeFormat)
    case attestation(AttestationFormat)
    case html
    case picture(Rasteriser.Form)

    init?(argument: String) {
      switch argument {
      case "html": self = .html
      default:
        if let format = TreeFormat(rawValue: argument) {
          self = .format(format)
        } else if let format = AttestationFormat(rawValue: argument) {
          self = .attestation(format)
        } else if let form = Rasteriser.Form(rawValue: argument) {
          self = .picture(form)
        } else {
          return nil
        }
      }
    }

    static var allValueStrings: [String] {
      TreeFormat.allCases.map(\.rawValue) + ["html", "png", "pdf"] + AttestationFormat.allCases.map(\.rawValue)
    }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
  }

  static let configuration = CommandConfiguration(
    commandName: "tree",
    abstract: "Prints the tree of a finished run.",
    discussion: """
      text is for terminals; json is what networkx reads; nhx is Newick with the support; modelcard is \
      Hugging Face metadata to paste; html is the interactive page; svg, pdf and png are for papers, the last two \
      need rsvg-convert. cyclonedx, spdx and in-toto are statements for the software supply chain; they name files by \
      their hashes if the run was made with --hashes.

      Examples:
        modeltree tree run
        modeltree tree run --format svg --lengths distance > tree.svg
        modeltree tree run --format pdf > tree.pdf
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"), completion: .directory) var path: String

  @Option(help: ArgumentHelp("What to print; text by default.", valueName: "format"))
  var format: Output?
  @Flag(help: "The same as --format json.") var json = false

  @Option(help: "Edge lengths in svg, pdf and png: equal, or proportional to distance.")
  var lengths: EdgeLengths = .equal
  @OptionGroup var messages: MessageArguments

  func validate() throws {
    if case .format(.json) = format { return }
    guard !json || format == nil else {
      throw ValidationError("--json is --format json, and --format asks for another")
    }
  }

  func run() throws {
    try reporting { () throws(Failure) in
      let report = try TreeReport(run: path)
      switch format ?? .format(json ? .json : .text) {
      case .format(.text): Console.result(TextTree.render(report, style: Terminal.style))
      case .format(.svg): Console.result(TreeFormat.picture(report.graph, lengths: lengths))
      case .format(let format): Console.result(format.render(report))
      case .attestation(let format): Console.result(format.render(Attestation(try FinishedRun(path: path))))
      case .html: Console.result(try TreePage.render(FinishedRun(path: path)))
      case .picture(let form): try Rasteriser.print(TreeFormat.picture(report.graph, lengths: lengths), as: form)
      }
    }
  }
}
