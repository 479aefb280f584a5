import ArgumentParser
import Checkpoints
import Core
import Lineage
import Planning
import Printing
import Recovery
import Storage
import System

struct PlanCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Dry run: what a recovery would read, compute and skip.",
    discussion: """
      Reads only headers and writes nothing.

      Example:
        modeltree plan models/ --workers 8
      """)

  @Argument(help: ArgumentHelp("As for recover.", valueName: "model-or-dir"), completion: .file())
  var inputs: [String]

  @Option(help: "auto, l2, l1, max, lora, mother-ft or mother-lora, as for recover.")
  var distance: DistanceMetric = .auto

  @OptionGroup(title: "Workers") var workers: WorkerArguments
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let folder = CommandFolder(of: "plan")
      defer { folder.remove() }
      let collection = try CollectionLoader(stores: folder.path, mode: .places).load(inputs)
      let plan = Plan(collection, statistics: distance.statistics)
      let answer = PlanAnswer(plan, stores: folder.path, workers: workers.workers, memory: workers.memory)
      Console.result(json ? answer.json : answer.text)
      try collection.requireTwo()
    }
  }
}
