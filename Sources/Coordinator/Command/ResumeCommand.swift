import ArgumentParser
import Coordination
import Core
import Foundation
import Journal
import Printing
import Recovery
import System
import Transport

struct ResumeCommand: ModelTreeCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Resumes a run that was stopped.",
    discussion: """
      Uses the inputs and options that the run was started with.

      Example:
        modeltree resume run
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"), completion: .directory) var path: String
  @Option(
    help: ArgumentHelp(
      "Registry of fingerprints, if the run uses them.",
      discussion: "Without this option, the registry that the run was started with is read and not added to.",
      valueName: "dir"), completion: .directory)
  var registry: String?
  @OptionGroup var workers: PoolArguments
  @OptionGroup(title: "Checks") var checking: CheckingArguments
  @OptionGroup(title: "Monitoring") var watching: MonitoringArguments
  @Flag(help: "Print the tree as JSON, the same as in tree.json.") var json = false
  @OptionGroup var messages: MessageArguments

  func run() throws {
    let interruption = Interruption.endingProgram()
    watching.apply()
    try reporting { () throws(Failure) in
      let remote = try workers.remote()
      try RunFiles.require(path)
      let directory = try RunDirectory(path: path, redo: false)
      var invocation = try RunFiles.invocation(directory.journal)
      if let registry { invocation.registry = URL(fileURLWithPath: registry).standardizedFileURL.path }
      let listening =
        if let remote { remote } else { try checking.local(workers.here, log: directory.log) }
      let pool = try ShardPool(
        listening, serving: checking.serving, http: watching.http, interruption: interruption,
        logger: directory.logger, report: Console.show)
      let recovery = Recovery(
        invocation, directory: directory, pool: pool, mayChangeModels: false, registryIsGiven: registry != nil,
        report: Console.show)
      if let report = try recovery.run() { Console.show(report, json: json) }
    }
  }
}
