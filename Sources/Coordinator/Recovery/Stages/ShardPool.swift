package import Coordination
import Core
import Foundation
package import Logging
package import Monitoring
import Planning
import Synchronization
package import System
import Transport

/// The workers of one command, which all of its recoveries share. Opened when the first shard is
/// needed, or a little before: a run whose shards are all in its journal needs none.
package final class ShardPool: Sendable {
  package let listening: Listening
  private let board = StatusBoard()
  private let page: StatusServer?
  private let serving: ServingOptions
  private let interruption: Interruption
  private let report: RunEventHandler
  private let logger: Logger
  /// Of a batch.
  private let directory: String?
  private struct Pool {
    var server: ShardServer?
    /// That the server takes, in bytes.
    var largestAnswer = 0
    var hasEnded = false
  }

  private let pool = Mutex(Pool())
  /// A signal that came before the pool was opened.
  private let stopped = Mutex<Int32?>(nil)

  /// - Parameters:
  ///   - http: where the status page is served; nil for nowhere.
  ///   - directory: of a batch, whose status goes there; nil for a single run.
  ///   - report: receives the address of the page, and the endpoint that workers connect to.
  /// - Throws: `Failure` when the page cannot be served.
  package init(
    _ listening: Listening, serving: ServingOptions = ServingOptions(), http: HTTPAddress? = nil,
    interruption: Interruption, logger: Logger, directory: String? = nil, report: @escaping RunEventHandler
  ) throws(Failure) {
    self.listening = listening
    self.serving = serving
    self.interruption = interruption
    self.report = report
    self.logger = logger
    self.directory = directory
    page = try http.map { [board] address throws(Failure) in try StatusServer(address: address, board: board) }
    if let page { report(.serving(url: page.url)) }
  }

  /// Are all workers on this machine?
  private var isLocal: Bool { if case .local = listening { true } else { false } }

  /// Is somebody shown trees while they grow?
  var isWatched: Bool { page != nil }

  /// Starts local workers while headers are still being read: starting takes them about as long as the import of
  /// a small collection.
  func prepare() {
    guard isLocal, directory == nil else { return }
    interruption.end { [self] in end() }
    // What fails here fails again, and is reported, when the first shard is there. On a busy machine that may be there
    // before this thread is.
    Thread.detachNewThread { [self] in _ = try? open(largestAnswer: ShardServer.generousAnswer, isAhead: true) }
  }

  /// Opens the pool before the runs are known.
  package func open() throws(Failure) { _ = try open(largestAnswer: ShardServer.generousAnswer) }

  /// Has the shards of a run computed, and waits for it.
  func compute(_ work: ShardWork) throws(Failure) -> ShardWork.Report {
    guard work.done.count < work.plan.shards.count else {
      return ShardWork.Report(outcome: .finished)
    }
    let largest = ShardServer.largestAnswer(work.plan)
    guard directory == nil else { return try open(largestAnswer: largest).compute(work) }
    interruption.handle { [self] in stop(signal: $0) }
    // Afterwards nothing is under way that a signal would have to wait for, but the status that is just being written.
    defer { interruption.end { [self] in end() } }
    let server = try open(largestAnswer: largest)
    let report = try server.compute(work)
    server.close()
    return report
  }

  /// Ends all waiting for shards.
  package func stop(signal: Int32) {
    stopped.withLock { $0 = $0 ?? signal }
    pool.withLock { $0.server }?.stop(signal: signal)
  }

  /// No more runs come.
  package func close() { pool.withLock { $0.server }?.close() }

  /// Tells onlookers what a run is doing.
  func note(_ run: String, _ state: PoolStatus.State) { pool.withLock { $0.server }?.note(run, state) }

  /// Tells onlookers what a run's finished tensors say so far.
  func note(_ run: String, tree: JobStatus.PartialTree) { pool.withLock { $0.server }?.note(run, tree: tree) }

  /// Tells onlookers that an error ended a job, perhaps before it had shards.
  func fail(_ job: String, directory: String, _ failure: Failure) {
    pool.withLock { $0.server }?.fail(job, directory: directory, failure)
  }

  /// Ends the pool, its own workers with it.
  package func end() {
    let server = pool.withLock { pool in
      pool.hasEnded = true
      return pool.server
    }
    server?.end()
    page?.stop()
  }

  /// - Parameter isAhead: before there is work: a server that has some by now is not replaced.
  private func open(largestAnswer: Int, isAhead: Bool = false) throws(Failure) -> ShardServer {
    let opened = pool.withLock { pool -> Result<ShardServer, Failure> in
      if let server = pool.server {
        // That of a batch is told the runs when they come.
        if directory != nil || isAhead || largestAnswer <= pool.largestAnswer { return .success(server) }
        server.end()
      }
      guard !pool.hasEnded else { return .failure(Failure(.resumable, "the workers were ended")) }
      do throws(Failure) {
        let new = try ShardServer(
          listening, options: serving, largestAnswer: largestAnswer, directory: directory, board: board,
          logger: logger)
        pool.server = new
        pool.largestAnswer = largestAnswer
        if case .endpoint = listening { report(.listening(endpoint: new.endpoint, command: invitation(new.endpoint))) }
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
    return command
  }
}
