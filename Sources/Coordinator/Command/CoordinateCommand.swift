import ArgumentParser
import Coordination
import Core
import Printing
import Recovery
import System
import Transport

struct CoordinateCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinate",
    abstract: "Recovers the trees of a collection, with workers that connect from anywhere.",
    discussion: """
      Workers may join and leave at any time. They must see the model files and the run directory \
      under the same paths, or map them with --path-map.

      Example, in two terminals:
        modeltree coordinate models/ --out run --listen tcp://127.0.0.1:5555
        modeltree-worker --connect tcp://127.0.0.1:5555

      For other machines, with keys:
        modeltree keygen keys
        modeltree coordinate models/ --out run --listen tcp://0.0.0.0:5555 --keys keys
        modeltree-worker --connect tcp://head:5555 --key keys/worker.key
      """)

  @OptionGroup var options: RecoveryOptions
  @Option(help: ArgumentHelp("Endpoint for workers, such as tcp://127.0.0.1:5555.", valueName: "endpoint"))
  var listen: String

  @OptionGroup(title: "Keys") var keys: KeyArguments
  @OptionGroup(title: "Checks") var checking: CheckingArguments
  @OptionGroup(title: "Monitoring") var watching: MonitoringArguments
  @Flag(help: "Print the tree as JSON, the same as in tree.json.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    let interruption = Interruption.endingProgram()
    watching.apply()
    try reporting { () throws(Failure) in
      let listening = try keys.listening(on: listen)
      let directory = try RunDirectory(path: options.out, redo: options.redo)
      let pool = try ShardPool(
        listening, serving: checking.serving, http: watching.http, interruption: interruption,
        logger: directory.logger, report: Console.show)
      let recovery = Recovery(
        Invocation(options), directory: directory, pool: pool, mayChangeModels: true, report: Console.show)
      if let report = try recovery.run() { Console.show(report, json: json) }
    }
  }
}
