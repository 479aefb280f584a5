import Coordination
import Core
import Foundation
import Logging
import Planning
import Synchronization
import Transport
import Watching

/// The workers of one command, which all of its recoveries share. Opened when the first shard is
/// needed: a run whose shards are all in its journal needs none.
final class ShardPool: Sendable {
  let listening: Listening
  private let board = StatusBoard()
  private let page: StatusServer?
  private let serving: ServingOptions
  private let signals: StopSignals
  private let logger: Logger
  /// Of a batch.
  private let directory: String?
  private let server = Mutex<ShardServer?>(nil)
  /// A signal that came before the pool was opened.
  private let stopped = Mutex<Int32?>(nil)

  /// - Parameters:
  ///   - watching: how the pool is shown to onlookers; nil for not at all.
  ///   - directory: of a batch, whose status goes there; nil for a single run.
  /// - Throws: `Failure` when the page cannot be served.
  init(
    _ listening: Listening, serving: ServingOptions, watching: WatchingArguments?, signals: StopSignals,
    logger: Logger, directory: String? = nil
  ) throws(Failure) {
    self.listening = listening
    self.serving = serving
    self.signals = signals
    self.logger = logger
    self.directory = directory
    page = try watching?.startServer(board: board)
  }

  /// Is somebody shown trees while they grow?
  var isWatched: Bool { page != nil }

  /// Opens the pool before the runs are known.
  func open() throws(Failure) { _ = try open(largestAnswer: ShardServer.generousAnswer) }

  /// Has the shards of a run computed, and waits for it.
  func compute(_ work: ShardWork) throws(Failure) -> ShardWork.Report {
    guard work.done.count < work.plan.shards.count else {
      return ShardWork.Report(outcome: .finished)
    }
    let server = try open(largestAnswer: ShardServer.largestAnswer(work.plan))
    guard directory == nil else { return try server.compute(work) }
    signals.handle { [self] in stop(signal: $0) }
    // Afterwards nothing is under way that a signal would have to wait for.
    defer { signals.handle(Recovery.endAtOnce) }
    let report = try server.compute(work)
    server.close()
    return report
  }

  /// Ends all waiting for shards.
  func stop(signal: Int32) {
    stopped.withLock { $0 = $0 ?? signal }
    server.withLock { $0 }?.stop(signal: signal)
  }

  /// No more runs come.
  func close() { server.withLock { $0 }?.close() }

  /// Tells onlookers what a run is doing.
  func note(_ run: String, _ state: PoolStatus.State) { server.withLock { $0 }?.note(run, state) }

  /// Tells onlookers what a run's finished tensors say so far.
  func note(_ run: String, tree: JobStatus.PartialTree) { server.withLock { $0 }?.note(run, tree: tree) }

  /// Ends the pool, its own workers with it.
  func end() {
    server.withLock { $0 }?.end()
    page?.stop()
  }

  private func open(largestAnswer: Int) throws(Failure) -> ShardServer {
    let opened = server.withLock { server -> Result<ShardServer, Failure> in
      if let server { return .success(server) }
      do throws(Failure) {
        let new = try ShardServer(
          listening, options: serving, largestAnswer: largestAnswer, directory: directory, board: board,
          logger: logger)
        server = new
        if case .endpoint = listening { Console.say(invitation(new.endpoint)) }
        return .success(new)
      } catch {
        return .failure(error)
      }
    }
    let server = try opened.get()
    if let signal = stopped.withLock({ $0 }) { server.stop(signal: signal) }
    return server
  }

  /// What to type on the workers' hosts.
  private func invitation(_ endpoint: String) -> String {
    var command = "modeltree-worker --connect \(endpoint)"
    if case .endpoint(_, let keys) = listening {
      if let keys {
        command += " --key \(keys.folder.worker("NAME"))"
      } else if !Endpoint.isLocal(endpoint) {
        command += " --insecure"
      }
    }
    return "listening on \(endpoint); start workers with: \(command)"
  }
}
