import ArgumentParser
import Coordination
import Core
import Foundation
import Printing
import Recovery
import Reports
import System
import Transport

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
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
  }

  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares two models: are they related, and which came first?",
    discussion: """
      Reports whether they are related, which came first, what changed, and what was compared. Needs no run \
      directory. cyclonedx, spdx and in-toto are statements for the software supply chain; in-toto hashes all \
      files, as --hashes does.

      Examples:
        modeltree compare models/base models/suspect
        modeltree compare models/base models/suspect --format html > finding.html

      With workers from elsewhere, which must see both models and the folder under the same paths:
        modeltree compare /nfs/base /nfs/suspect --listen tcp://0.0.0.0:5555 --keys keys --folder /nfs/tmp
        modeltree-worker --connect tcp://head:5555 --key keys/worker.key
      """)

  @Argument(help: ArgumentHelp("A model, as for recover.", valueName: "a"), completion: .file()) var first: String
  @Argument(help: ArgumentHelp("Another model.", valueName: "b"), completion: .file()) var second: String

  @Option(help: ArgumentHelp("What to print; text by default.", valueName: "format"))
  var format: Output?
  @Flag(help: "The same as --format json.") var json = false

  @Flag(help: "Read all files once more for their SHA-256, as hubs publish it.")
  var hashes = false

  @OptionGroup var alignment: AlignmentArguments

  @OptionGroup var workers: PoolArguments

  @Option(
    help: ArgumentHelp(
      "Folder in which a temporary folder for the workers' files is created; it is removed at the end.",
      discussion: "By default on this machine; workers on other machines need a shared folder.",
      valueName: "dir"), completion: .directory)
  var folder: String?

  @OptionGroup(title: "Checks") var checking: CheckingArguments
  @OptionGroup(title: "Monitoring") var watching: MonitoringArguments
  @OptionGroup var messages: MessageArguments

  func validate() throws {
    if case .json = format { return }
    guard !json || format == nil else {
      throw ValidationError("--json is --format json, and --format asks for another")
    }
  }

  func run() throws {
    watching.apply()
    try reporting { () throws(Failure) in
      let remote = try workers.remote()
      let folder = try place().appendingPathComponent(
        "modeltree-compare-\(UUID().uuidString)"
      ).path
      let cleanUp: @Sendable () -> Void = { try? FileManager.default.removeItem(atPath: folder) }
      let interruption = Interruption.endingProgram(cleanUp)
      defer { cleanUp() }
      let answer = try PairComparison(
        first, second, hashes: hashes || mustHash, align: alignment.isOn, folder: folder, report: Self.show
      ) { directory throws(Failure) in
        let listening = if let remote { remote } else { try checking.local(workers.here, log: directory.log) }
        return try ShardPool(
          listening, serving: checking.serving, http: watching.http, interruption: interruption,
          logger: directory.logger, report: Self.show)
      }.answer()
      switch format ?? (json ? .json : .text) {
      case .text: Console.result(answer.verdict.text)
      case .json: Console.result(answer.verdict.json)
      case .html: Console.result(PairPage.render(answer.verdict, created: answer.created))
      case .attestation(let format): Console.result(format.render(answer.attestation))
      }
    }
  }

  /// What is left out stands in the answer.
  @Sendable private static func show(_ event: RunEvent) {
    switch event {
    case .listening, .serving, .disputed: Console.show(event)
    default: break
    }
  }

  /// The folder that the comparison's own is made in.
  private func place() throws(Failure) -> URL {
    if let folder { return URL(fileURLWithPath: folder, isDirectory: true) }
    if let endpoint = workers.listen, !Endpoint.isLocal(endpoint) {
      throw .usage(
        "workers on other machines do not see the temporary folders of this one",
        advice: "name a folder that all of them see under the same path, with --folder")
    }
    return FileManager.default.temporaryDirectory
  }

  /// A statement about files names them by their hashes.
  private var mustHash: Bool {
    if case .attestation(.inToto) = format { true } else { false }
  }
}
