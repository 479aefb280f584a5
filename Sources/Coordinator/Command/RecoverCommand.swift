import ArgumentParser
import Coordination
import Core
import Printing
import Recovery
import System

struct RecoverCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Recovers the trees of a collection, with workers on this machine.",
    discussion: """
      To resume an interrupted run, repeat the command.

      Example:
        modeltree recover models/ --out run --workers 4 --memory 2GiB
      """)

  @OptionGroup var options: RecoveryOptions
  @OptionGroup(title: "Workers") var workers: WorkerArguments
  @OptionGroup(title: "Checks") var checking: CheckingArguments
  @OptionGroup(title: "Monitoring") var watching: MonitoringArguments
  @Flag(help: "Print the tree as JSON, the same as in tree.json.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    let interruption = Interruption.endingProgram()
    watching.apply()
    try reporting { () throws(Failure) in
      let directory = try RunDirectory(path: options.out, redo: options.redo)
      let pool = try ShardPool(
        try checking.local(workers, log: directory.log), serving: checking.serving, http: watching.http,
        interruption: interruption,
        logger: directory.logger, report: Console.show)
      let recovery = Recovery(
        Invocation(options), directory: directory, pool: pool, mayChangeModels: true, report: Console.show)
      if let report = try recovery.run() { Console.show(report, json: json) }
    }
  }
}
