import ArgumentParser
import Core
import Printing
import Recovery
import System

struct AncestorCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "ancestor",
    abstract: "Writes the weights of an inferred ancestor.",
    discussion: """
      Six or more models that differ from their common ancestor by low-rank updates (LoRA) determine its weights, up \
      to rounding. They are read again; half of them are checked against the other half. The result is a folder \
      with model.safetensors, as float32, and the first child's config.json.

      Where the children do not decide the weights, nothing is written, and the reason is given; --estimate \
      writes the mean of the children there.

      Example:
        modeltree ancestor run inferred-1 --out models/base
      """)

  @Argument(help: ArgumentHelp("The run directory of a finished run.", valueName: "run"), completion: .directory)
  var path: String
  @Argument(
    help: ArgumentHelp("The ancestor, as 'modeltree tree' shows it.", valueName: "node"),
    completion: RunCompletion.models)
  var node: String
  @Option(help: ArgumentHelp("Folder to write to.", valueName: "dir"), completion: .directory)
  var out: String
  @Flag(help: "Where the children do not determine the weights, write the children's mean instead of stopping.")
  var estimate = false
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let folder = CommandFolder(of: "ancestor")
      let output = out
      let cleanUp: @Sendable () -> Void = {
        folder.remove()
        AncestorWeights.removeUnfinished(in: output)
      }
      let interruption = Interruption.endingProgram(cleanUp)
      defer {
        withExtendedLifetime(interruption) {}
        folder.remove()
      }
      let answer = try AncestorWeights(run: path, node: node, output: out, canEstimate: estimate, folder: folder.path)
        .write()
      Console.result(json ? answer.json : answer.text)
    }
  }
}
