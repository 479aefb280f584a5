import ArgumentParser
import Core
import Printing
import Reports
import System

struct PathCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "path",
    abstract: "Shows how two models are related.",
    discussion: """
      Shows the path from one to the other through their common ancestor, and its length.

      Example:
        modeltree path run m-d8dc m-c8b4
      """)

  @Argument(help: ArgumentHelp("The run directory of a finished run.", valueName: "run"), completion: .directory)
  var path: String
  @Argument(help: ArgumentHelp("A model.", valueName: "a"), completion: RunCompletion.models) var from: String
  @Argument(help: ArgumentHelp("Another model.", valueName: "b"), completion: RunCompletion.models) var to: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let finished = try FinishedRun(path: path)
      let kinship = try RelationshipPath(finished, from: try finished.model(from), to: try finished.model(to))
      Console.result(json ? kinship.json : kinship.text)
    }
  }
}
