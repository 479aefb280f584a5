internal import Core
internal import Foundation
internal import Glibc
internal import System

/// Worker processes on this machine, started and kept alive by the coordinator.
package final class LocalWorkers {
  package struct Options: Sendable {
    package var count: Int
    /// Of each process.
    package var memoryBytes: Int
    /// Where the workers' own messages go.
    package var logPath: String

    package init(count: Int, memoryBytes: Int, logPath: String) {
      self.count = count
      self.memoryBytes = memoryBytes
      self.logPath = logPath
    }
  }

  private let options: Options
  private let executable: String
  private let endpoint: String
  private let onExit: @Sendable (Int) -> Void
  private var processes: [Int: ChildProcess] = [:]
  private var restartsLeft: Int

  /// - Parameters:
  ///   - endpoint: where the workers connect to.
  ///   - onExit: told the process number of a worker that ended; called on any thread.
  init(_ options: Options, endpoint: String, onExit: @escaping @Sendable (Int) -> Void)
    throws(Failure)
  {
    self.options = options
    self.endpoint = endpoint
    self.onExit = onExit
    restartsLeft = 3 * options.count
    executable = try Self.findExecutable()
    for _ in 0..<options.count { try start() }
  }

  deinit { stop() }

  var count: Int { processes.count }

  /// Starts a worker in place of one that ended.
  ///
  /// - Returns: false when workers die too often.
  func replace(process: Int) throws(Failure) -> Bool {
    guard processes.removeValue(forKey: process) != nil, restartsLeft > 0 else { return false }
    restartsLeft -= 1
    try start()
    return true
  }

  /// Ends all workers; they hold nothing that is worth waiting for.
  func stop() {
    for process in processes.values { process.kill() }
    for process in processes.values { process.wait() }
    processes = [:]
  }

  private func start() throws(Failure) {
    let process = try ChildProcess(
      executable,
      [
        "--connect", endpoint, "--threads", "1", "--memory", "\(options.memoryBytes)", "--parent", "\(getpid())",
      ],
      environment: ProcessInfo.processInfo.environment, messages: options.logPath
    ) { [onExit] in onExit(Int($0)) }
    processes[Int(process.identifier)] = process
  }

  /// `modeltree-worker` beside this program, or what MODELTREE_WORKER names.
  private static func findExecutable() throws(Failure) -> String {
    if let named = ProcessInfo.processInfo.environment["MODELTREE_WORKER"] { return named }
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let path = own.deletingLastPathComponent().appendingPathComponent("modeltree-worker").path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Failure(
        .unclassified, "there is no '\(path)'",
        advice: "modeltree-worker belongs beside modeltree; build or install both")
    }
    return path
  }
}
