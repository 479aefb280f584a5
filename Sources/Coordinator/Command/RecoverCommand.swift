import ArgumentParser
import Coordination
import Core

struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Recovers the trees of a collection, with workers on this machine.",
    discussion: """
      The same command again goes on where an interrupted run stopped.

      Example:
        modeltree recover models/ --out run --workers 4 --memory 2GiB
      """)

  @OptionGroup var options: RecoveryOptions
  @OptionGroup(title: "Workers") var workers: WorkerArguments

  func run() throws {
    try reporting { () throws(Failure) in
      let directory = try RunDirectory(path: options.out, redo: options.redo)
      let local = LocalWorkers.Options(
        count: workers.workers, memoryBytes: workers.memory.bytes, logPath: directory.log)
      try Recovery(Invocation(options), directory: directory, listening: .local(local)).run()
    }
  }
}
