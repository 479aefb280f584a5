import ArgumentParser
import Core
import Printing
import Reports
import System

struct DiffCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Shows what changed between two runs.",
    discussion: """
      Compares models, families, parents, distances and supports; models are matched by their ids. \
      Distances count as changed from 1 %, supports from 5 percentage points.

      Example:
        modeltree diff run-monday run-friday
      """)

  @Argument(help: ArgumentHelp("The run directory of the earlier run.", valueName: "run1"), completion: .directory)
  var before: String
  @Argument(help: ArgumentHelp("The run directory of the later run.", valueName: "run2"), completion: .directory)
  var after: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let difference = Difference(try FinishedRun(path: before), try FinishedRun(path: after))
      Console.result(json ? difference.json : difference.text)
    }
  }
}
