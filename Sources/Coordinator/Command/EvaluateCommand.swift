import ArgumentParser
import Core
import Graph
import Printing
import Reports
import System

struct EvaluateCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Compares the tree of a finished run with a known one.",
    discussion: """
      Example:
        modeltree evaluate run --truth models/truth.json
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"), completion: .directory) var path: String
  @Option(help: ArgumentHelp("The known tree.", valueName: "file"), completion: .file()) var truth: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let evaluation = try Evaluation(
        try TreeReport(run: path).graph, truth: try TruthDocument.read(truth))
      Console.result(json ? EvaluationText.json(evaluation) : EvaluationText.text(evaluation))
    }
  }
}
