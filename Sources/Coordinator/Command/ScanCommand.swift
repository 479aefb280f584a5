import ArgumentParser
import Core
import Printing
import Recovery
import Registry
import Reports
import System

struct ScanCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Says which models of a registry a model comes from.",
    discussion: """
      Reports its family, copies of it, candidates for its parent with their probabilities, and parts that it has in \
      common with unrelated models. The weights of the registry's models are not needed; if they are available, \
      --exact compares the candidates' weights too.

      Examples:
        modeltree scan models/upload --registry known
        modeltree scan models/upload --registry known --json --top 10
      """)

  @Argument(help: ArgumentHelp("The model, given as for recover.", valueName: "model")) var model: String

  @Option(help: ArgumentHelp("Folder that 'modeltree fingerprint' made.", valueName: "dir"))
  var registry: String

  @Option(help: "Number of candidates for the parent to list.")
  var top: Int = 5

  @Flag(help: "Compare the weights of the model with those of the candidates that are still where they were.")
  var exact = false

  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var reading: ReadingArguments
  @OptionGroup var messages: MessageArguments

  func validate() throws {
    guard 1...48 ~= top else { throw ValidationError("--top must be between 1 and 48, got \(top)") }
  }

  func run() throws {
    try reporting { () throws(Failure) in
      let folder = CommandFolder(of: "scan")
      let interruption = Interruption.endingProgram { folder.remove() }
      defer {
        folder.remove()
        withExtendedLifetime(interruption) {}
      }
      let scan = ModelScan(model, registry: registry, top: top, threads: reading.threads, folder: folder.path)
      let answer = try scan.answer()
      guard exact else { return Console.result(json ? answer.json : answer.text) }
      let verdicts = try scan.exact(answer, interruption: interruption)
      Console.result(json ? verdicts.json : verdicts.text)
    }
  }
}
