import Compute
import Core
import Foundation
import Synchronization
import Transport
import Wire

/// The threads that compute. Assignments go in, outcomes come out through a mailbox.
final class ComputePool: Sendable {
  struct Outcome: Sendable {
    let epoch: Int
    let assignment: CoordinatorMessage.Assignment
    let seconds: Double
    let bytesRead: Int
    let result: Result<Partial, Failure>
  }

  private struct Job: Sendable {
    let epoch: Int
    let assignment: CoordinatorMessage.Assignment
    let stores: [String]
  }

  private let jobs = Mutex<[Job]>([])
  private let waiting = DispatchSemaphore(value: 0)
  private let epoch = Atomic<Int>(0)
  private let read = Atomic<Int>(0)
  private let library = StoreLibrary()

  /// Bytes of weights read since the start.
  var bytesRead: Int { read.load(ordering: .relaxed) }

  var currentEpoch: Int { epoch.load(ordering: .relaxed) }

  init(threads: Int, memoryBytes: Int, post: @escaping @Sendable (Outcome) -> Void) {
    let computation = ShardComputation(library: library, memoryBytes: memoryBytes / threads)
    for number in 0..<threads {
      let thread = Thread { [self] in
        while true {
          waiting.wait()
          if let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            if let outcome = run(job, computation) { post(outcome) }
          }
        }
      }
      thread.name = "compute \(number)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  func add(_ assignment: CoordinatorMessage.Assignment, stores: [String]) {
    let job = Job(epoch: currentEpoch, assignment: assignment, stores: stores)
    jobs.withLock { $0.append(job) }
    waiting.signal()
  }

  /// Drops everything queued and under way: the coordinator has forgotten it.
  func reset() {
    epoch.add(1, ordering: .relaxed)
    jobs.withLock { $0 = [] }
    library.forget()
  }

  private func run(_ job: Job, _ computation: ShardComputation) -> Outcome? {
    let started = ContinuousClock.now
    let bytes = Counter()
    let result: Result<Partial, Failure>
    do throws(Failure) {
      let partial = try computation.run(
        job.assignment, stores: job.stores,
        onRead: { [self] count in
          read.add(count, ordering: .relaxed)
          bytes.value.add(count, ordering: .relaxed)
        },
        isCancelled: { epoch.load(ordering: .relaxed) != job.epoch })
      guard let partial else { return nil }
      result = .success(partial)
    } catch {
      result = .failure(error)
    }
    return Outcome(
      epoch: job.epoch, assignment: job.assignment,
      seconds: (ContinuousClock.now - started) / .seconds(1),
      bytesRead: bytes.value.load(ordering: .relaxed), result: result)
  }

  private final class Counter: Sendable {
    let value = Atomic<Int>(0)
  }
}
