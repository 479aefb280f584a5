import ArgumentParser
import Core
import Graph
import Printing
import Reports
import System

struct WhyCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Explains why a model has its parent.",
    discussion: """
      Compares the parent with the runner-up, the cheapest other model that could be in its place, and \
      states what would have to differ for the runner-up to win.

      With --instead, another model, such as the declared base, takes the runner-up's place.

      Examples:
        modeltree why run m-8f45
        modeltree why run m-8f45 --instead m-b8c0
      """)

  @Argument(help: ArgumentHelp("The run directory of a finished run.", valueName: "run"), completion: .directory)
  var path: String
  @Argument(
    help: ArgumentHelp("The model, as 'modeltree tree' shows it.", valueName: "child"), completion: RunCompletion.models
  ) var child: String
  @Option(
    help: ArgumentHelp("Report the evidence against this model as the parent.", valueName: "model"),
    completion: RunCompletion.models)
  var instead: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let finished = try FinishedRun(path: path)
      let node = try finished.model(child)
      if let inferred = InferredAncestor(finished.graph, node: node) {
        guard instead == nil else {
          throw .usage(
            "'\(child.printable)' is not in the collection, so --instead has no weights to compare",
            advice: "ask for one of its children")
        }
        return Console.result(json ? inferred.json : inferred.text)
      }
      let other = try instead.map { text throws(Failure) in try finished.model(text) }
      guard other != node else {
        throw .usage("--instead names the model itself", advice: "name another model of the run")
      }
      guard other.map({ !finished.graph.nodes[$0].isInferred }) ?? true else {
        throw .usage("--instead names an inferred ancestor, which has no weights", advice: "name a model of the run")
      }
      let why = try Why(finished, child: node, instead: other)
      Console.result(json ? why.json : why.text)
    }
  }
}
