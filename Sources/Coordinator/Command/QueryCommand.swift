import ArgumentParser
import Core
import Printing
import Recovery
import Reports
import System

struct QueryCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Finds the place of a new model in the trees of a finished run.",
    discussion: """
      The nearest models of the run are found by the samples of weights that it has kept. Only these \
      are read again and compared exactly with the new model, by the rules of 'recover'. The run is \
      not changed.

      Example:
        modeltree query run models/new-model
      """)

  @Argument(help: ArgumentHelp("The run directory of a finished run.", valueName: "run"), completion: .directory)
  var path: String
  @Argument(help: ArgumentHelp("The new model, given as for recover.", valueName: "model"), completion: .file())
  var model: String

  @Option(help: "Number of models of the run that are compared exactly.")
  var nearest: Int = 12

  @OptionGroup(title: "Workers") var workers: WorkerArguments
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func validate() throws {
    guard 1...4096 ~= nearest else { throw ValidationError("--nearest must be between 1 and 4096, got \(nearest)") }
  }

  func run() throws {
    try reporting { () throws(Failure) in
      let folder = CommandFolder(of: "query")
      let interruption = Interruption.endingProgram { folder.remove() }
      defer { folder.remove() }
      let answer = try Query(
        run: path, model: model, nearest: nearest, workers: workers.workers, memoryBytes: workers.memory.bytes,
        folder: folder.path, interruption: interruption, report: Console.show
      ).answer()
      Console.result(json ? JSONText.answer(answer) : answer.text)
    }
  }
}
