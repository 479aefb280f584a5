import ArgumentParser
import Core
import Foundation
import Printing
import Recovery
import Reports
import System

struct CompareCommand: ModelTreeCommand {
  /// Everything that a comparison can be printed as.
  enum Output: ExpressibleByArgument {
    case text, json, html
    case attestation(AttestationFormat)

    init?(argument: String) {
      switch argument {
      case "text": self = .text
      case "json": self = .json
      case "html": self = .html
      default:
        guard let format = AttestationFormat(rawValue: argument) else { return nil }
        self = .attestation(format)
      }
    }

    static var allValueStrings: [String] { ["text", "json", "html"] + AttestationFormat.allCases.map(\.rawValue) }
    var defaultValueDescription: String { "text" }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
  }

  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Says what two models have to do with each other.",
    discussion: """
      Are they related, who was first, by what kind of change, and what of them was compared. Needs no run \
      directory. cyclonedx, spdx and in-toto are statements for the software supply chain; in-toto hashes all \
      files, as --hashes does.

      Examples:
        modeltree compare models/base models/suspect
        modeltree compare models/base models/suspect --format html > finding.html
      """)

  @Argument(help: ArgumentHelp("A model, as for recover.", valueName: "a"), completion: .file()) var first: String
  @Argument(help: ArgumentHelp("Another model.", valueName: "b"), completion: .file()) var second: String

  @Option(help: ArgumentHelp("What to print.", valueName: "format"))
  var format: Output = .text
  @Flag(help: "The same as --format json.") var json = false

  @Flag(help: "Read all files once more for their SHA-256, as hubs publish it.")
  var hashes = false

  @OptionGroup var alignment: AlignmentArguments

  @OptionGroup(title: "Workers") var workers: WorkerArguments
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("modeltree-compare-\(ProcessInfo.processInfo.processIdentifier)").path
      let cleanUp: @Sendable () -> Void = { try? FileManager.default.removeItem(atPath: folder) }
      let interruption = Interruption.endingProgram(cleanUp)
      defer { cleanUp() }
      // What is left out stands in the answer.
      let answer = try PairComparison(
        first, second, workers: workers.workers, memoryBytes: workers.memory.bytes, hashes: hashes || mustHash,
        align: alignment.isOn, folder: folder, interruption: interruption, report: { _ in }
      ).answer()
      switch json ? .json : format {
      case .text: Console.result(answer.verdict.text)
      case .json: Console.result(answer.verdict.json)
      case .html: Console.result(PairPage.render(answer.verdict, created: answer.created))
      case .attestation(let format): Console.result(format.render(answer.attestation))
      }
    }
  }

  /// A statement about files names them by their hashes.
  private var mustHash: Bool {
    if case .attestation(.inToto) = format { true } else { false }
  }
}
