import ArgumentParser
import Core
import Printing
import Recovery
import System

struct FingerprintCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint",
    abstract: "Adds models to a registry, so that others can be recognized without their weights.",
    discussion: """
      Reads each model once and keeps at most 256 KiB of it, whatever its size. Files are hashed as well (SHA-256). \
      Models that the registry knows are not read again. Several programs may add to one registry at the \
      same time, and an interrupted one leaves no incomplete entry.

      Examples:
        modeltree fingerprint models/ --registry known
        modeltree fingerprint models/new-model --registry known --hints licenses.csv
      """)

  @Argument(help: ArgumentHelp("As for recover.", valueName: "model")) var inputs: [String]

  @Option(help: ArgumentHelp("Folder of the registry; created if it does not exist.", valueName: "dir"))
  var registry: String

  @Option(
    help: ArgumentHelp(
      "CSV or YAML with id, base_model and license, to use instead of model cards.", valueName: "file"))
  var hints: String?

  @Flag(inversion: .prefixedNo, help: "Read all files for their SHA-256, as hubs publish it.")
  var hashes = true

  @OptionGroup var reading: ReadingArguments
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  private struct Answer: Encodable {
    var registry: String
    var added: Int
    var known: Int
    var skipped: Int
  }

  func run() throws {
    try reporting { () throws(Failure) in
      let folder = CommandFolder(of: "fingerprint")
      let interruption = Interruption.endingProgram { folder.remove() }
      defer {
        folder.remove()
        withExtendedLifetime(interruption) {}
      }
      let outcome = try FingerprintRun(
        inputs, registry: registry, threads: reading.threads, hashes: hashes, hints: hints, folder: folder.path
      ).run { Console.say($0.text) }
      let answer = Answer(
        registry: registry, added: outcome.added, known: outcome.known, skipped: outcome.skipped)
      if json { return Console.result(JSONText.answer(answer)) }
      let skipped = outcome.skipped > 0 ? ", \(outcome.skipped) skipped" : ""
      Console.result(
        "\(registry.printable): \(counted(outcome.added, "model")) added, \(outcome.known) known already\(skipped)\n")
    }
  }
}
