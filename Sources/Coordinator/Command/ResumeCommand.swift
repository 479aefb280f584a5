import ArgumentParser
import Coordination
import Core
import Foundation
import Journal
import System
import Transport

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Goes on with a run that was stopped.",
    discussion: """
      Uses the inputs and options that the run was started with.

      Example:
        modeltree resume run
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var path: String
  @OptionGroup var workers: PoolArguments
  @OptionGroup(title: "Care") var checking: CheckingArguments
  @OptionGroup(title: "Monitoring") var watching: MonitoringArguments

  func run() throws {
    let signals = Recovery.stopSignals()
    watching.speak()
    try reporting { () throws(Failure) in
      let remote = try workers.remote()
      try RunFiles.require(path)
      let directory = try RunDirectory(path: path, redo: false)
      let invocation = try RunFiles.invocation(directory.journal)
      let listening =
        if let remote { remote } else { try checking.local(workers.here, log: directory.log) }
      let pool = try ShardPool(
        listening, serving: checking.serving, watching: watching, signals: signals, logger: directory.logger)
      try Recovery(invocation, directory: directory, pool: pool, mayChangeModels: false).run()
    }
  }
}

/// What can be read from a run directory without holding it.
enum RunFiles {
  static func require(_ path: String) throws(Failure) {
    guard FileManager.default.fileExists(atPath: "\(path)/journal.sqlite") else {
      throw .badInput(
        "'\(path.printable)' is no run directory (it has no journal.sqlite)",
        advice: "name the folder that was given with --out")
    }
  }

  static func invocation(_ journal: String) throws(Failure) -> Invocation {
    guard let json = try Journal(path: journal).setting(Invocation.setting) else {
      throw .badInput(
        "'\(journal.printable)' does not say what the run was asked for: it stopped before it had a plan",
        advice: "run 'modeltree recover' again")
    }
    return try Invocation(json: json)
  }
}
