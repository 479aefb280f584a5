import ArgumentParser
import Core
import Printing
import Reports
import System

struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Explains why a model has its parent.",
    discussion: """
      Compares the parent with the runner-up, the cheapest other model that could be in its place, and \
      states what would have to differ for the runner-up to win.

      Example:
        modeltree why run m-8f45
      """)

  @Argument(help: ArgumentHelp("The run directory of a finished run.", valueName: "run")) var path: String
  @Argument(help: ArgumentHelp("The model, as 'modeltree tree' shows it.", valueName: "child")) var child: String
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    try reporting { () throws(Failure) in
      let finished = try FinishedRun(path: path)
      let node = try finished.model(child)
      if let inferred = InferredAncestor(finished.graph, node: node) {
        return Console.result(json ? inferred.json : inferred.text)
      }
      let why = try Why(finished, child: node)
      Console.result(json ? why.json : why.text)
    }
  }
}
