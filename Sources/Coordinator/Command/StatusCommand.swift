import ArgumentParser
import Core
import Foundation
import Journal

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows how far a run is.",
    discussion: """
      Example:
        modeltree status run --json
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run")) var path: String
  @Flag(help: "Print JSON.") var json = false

  private struct Status: Codable {
    /// finished, running or stopped
    var state: String
    var shards: Int
    var shardsDone: Int
    var bytesRead: Int
    var workerSeconds: Double
  }

  func run() throws {
    try reporting { () throws(Failure) in
      try RunFiles.require(path)
      let journal = try Journal(reading: "\(path)/journal.sqlite")
      let totals = try journal.totals()
      let shards = try journal.setting("shards").flatMap { Int($0) } ?? 0
      let isFinished =
        FileManager.default.fileExists(atPath: "\(path)/run.json") && totals.shards == shards
      let status = Status(
        state: RunDirectory.isLocked(path) ? "running" : isFinished ? "finished" : "stopped",
        shards: shards, shardsDone: totals.shards, bytesRead: totals.bytesRead,
        workerSeconds: totals.seconds)
      Console.result(json ? JSONText.of(status, pretty: true) + "\n" : text(status))
    }
  }

  private func text(_ status: Status) -> String {
    """
    state    \(status.state)
    shards   \(status.shardsDone) of \(status.shards)
    read     \(ByteCount(bytes: status.bytesRead))
    work     \(fixed(status.workerSeconds, 1)) s of workers' time

    """
  }
}
