import ArgumentParser
import Core
import Reports

struct TreeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tree",
    abstract: "Prints the tree of a finished run.",
    discussion: """
      Example:
        modeltree tree run --format dot | dot -Tsvg > tree.svg
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var path: String

  @Option(help: "text, json, newick, dot, graphml, mermaid or csv.")
  var format: TreeFormat = .text

  func run() throws {
    try reporting { () throws(Failure) in
      Console.result(format.render(try JSONTree.read("\(path)/tree.json")))
    }
  }
}
