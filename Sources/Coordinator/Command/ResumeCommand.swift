import ArgumentParser
import Coordination
import Core
import Foundation
import Journal
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
  @OptionGroup(title: "Workers") var workers: WorkerArguments

  @Option(help: "Endpoint for workers from elsewhere, instead of workers on this machine.")
  var listen: String?

  @Flag(help: "Allow an endpoint that other machines can reach, without any authentication.")
  var insecure = false

  func run() throws {
    try reporting { () throws(Failure) in
      if let listen { try Endpoint.check(listen, insecure: insecure) }
      try RunFiles.require(path)
      let directory = try RunDirectory(path: path, redo: false)
      let invocation = try RunFiles.invocation(directory.journal)
      let listening: ShardServer.Listening =
        listen.map { .endpoint($0) }
        ?? .local(
          .init(count: workers.workers, memoryBytes: workers.memory.bytes, logPath: directory.log))
      try Recovery(invocation, directory: directory, listening: listening).run()
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
