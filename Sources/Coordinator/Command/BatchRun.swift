import Batch
import Core
import Foundation
import Graph
import Lineage
import Reports
import Synchronization
import System

/// The recoveries of a batch: a few at a time, each on a thread of its own, all over one pool.
final class BatchRun: Sendable {
  /// A job with its options understood.
  struct Job: Sendable {
    var name: String
    var out: String
    var invocation: Invocation
  }

  enum Outcome: Sendable {
    case recovered(models: Int, families: Int, seconds: Double)
    case hadResults
    case failed(Failure)
  }

  private struct State {
    var next = 0
    var outcomes: [Outcome?]
    var isStopping = false
  }

  private let jobs: [Job]
  private let pool: ShardPool
  private let redo: Bool
  private let state: Mutex<State>
  private let ended = DispatchSemaphore(value: 0)

  init(_ jobs: [Job], pool: ShardPool, redo: Bool) {
    self.jobs = jobs
    self.pool = pool
    self.redo = redo
    state = Mutex(State(outcomes: Array(repeating: nil, count: jobs.count)))
  }

  /// Works through the list.
  ///
  /// - Parameter atOnce: jobs whose shards are in the pool together.
  /// - Returns: by job; nil for one that a signal came before.
  func run(atOnce: Int) -> [Outcome?] {
    let count = min(max(1, atOnce), jobs.count)
    for number in 0..<count {
      let thread = Thread { [self] in
        while let index = takeJob() { finish(index, outcome(of: jobs[index])) }
        ended.signal()
      }
      thread.name = "job \(number)"
      thread.stackSize = 64 << 20
      thread.start()
    }
    for _ in 0..<count { ended.wait() }
    return state.withLock { $0.outcomes }
  }

  /// Begins no more jobs.
  func stop() { state.withLock { $0.isStopping = true } }

  private func takeJob() -> Int? {
    state.withLock { state in
      guard !state.isStopping, state.next < jobs.count else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  private func finish(_ index: Int, _ outcome: Outcome) {
    state.withLock { $0.outcomes[index] = outcome }
    Console.$job.withValue(jobs[index].name) {
      switch outcome {
      case .recovered(_, _, let seconds): Console.say("done in \(fixed(seconds, 1)) s")
      case .hadResults: Console.say("has its results from before")
      case .failed(let failure): Console.error("\(failure)")
      }
    }
  }

  private func outcome(of job: Job) -> Outcome {
    Console.$job.withValue(job.name) {
      let started = ContinuousClock.now
      do throws(Failure) {
        let directory = try RunDirectory(path: job.out, redo: redo)
        let recovery = Recovery(
          job.invocation, directory: directory, pool: pool, name: job.name, mayChangeModels: true,
          isPartOfBatch: true)
        guard let tree = try recovery.recover() else { return .hadResults }
        return .recovered(
          models: tree.graph.nodes.count, families: tree.graph.familyCount,
          seconds: (ContinuousClock.now - started) / .seconds(1))
      } catch {
        return .failed(error)
      }
    }
  }
}
