import Core
import Foundation
import Graph
import Lineage
import Reports
import Synchronization
package import System

/// The recoveries of a batch: a few at a time, each on a thread of its own, all over one pool.
package final class BatchRun: Sendable {
  /// A job with its options understood.
  package struct Job: Sendable {
    package var name: String
    /// The run directory.
    package var out: String
    package var invocation: Invocation

    package init(name: String, out: String, invocation: Invocation) {
      self.name = name
      self.out = out
      self.invocation = invocation
    }
  }

  /// What a job reports while it is at work.
  package enum Event: Sendable {
    case run(RunEvent)
    case ended(Outcome)
  }

  package enum Outcome: Sendable {
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
  private let report: @Sendable (_ job: String, Event) -> Void
  private let state: Mutex<State>
  private let ended = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - jobs: in the order in which they begin.
  ///   - pool: computes the shards of all of them.
  ///   - redo: forget what the run directories hold.
  ///   - report: receives what each job reports, on the job's thread.
  package init(
    _ jobs: [Job], pool: ShardPool, redo: Bool, report: @escaping @Sendable (_ job: String, Event) -> Void
  ) {
    self.jobs = jobs
    self.pool = pool
    self.redo = redo
    self.report = report
    state = Mutex(State(outcomes: Array(repeating: nil, count: jobs.count)))
  }

  /// Works through the list.
  ///
  /// - Parameter atOnce: jobs whose shards are in the pool together.
  /// - Returns: by job; nil for one that a signal came before.
  package func run(atOnce: Int) -> [Outcome?] {
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
  package func stop() { state.withLock { $0.isStopping = true } }

  private func takeJob() -> Int? {
    state.withLock { state in
      guard !state.isStopping, state.next < jobs.count else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  private func finish(_ index: Int, _ outcome: Outcome) {
    state.withLock { $0.outcomes[index] = outcome }
    if case .failed(let failure) = outcome { pool.fail(jobs[index].name, directory: jobs[index].out, failure) }
    report(jobs[index].name, .ended(outcome))
  }

  private func outcome(of job: Job) -> Outcome {
    do throws(Failure) {
      let directory = try RunDirectory(path: job.out, redo: redo)
      let recovery = Recovery(
        job.invocation, directory: directory, pool: pool, name: job.name, mayChangeModels: true,
        keepsResults: true
      ) { [report] in report(job.name, .run($0)) }
      guard let finished = try recovery.recover() else { return .hadResults }
      return .recovered(
        models: finished.tree.graph.nodes.count, families: finished.tree.graph.familyCount, seconds: finished.seconds)
    } catch {
      return .failed(error)
    }
  }
}
