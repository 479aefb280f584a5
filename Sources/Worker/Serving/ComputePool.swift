import Compute
import Core
import Foundation
import Synchronization
import System
import Transport
import Wire

/// The threads that compute. Assignments go in; outcomes come out through `post`, on the thread that computed.
final class ComputePool: Sendable {
  struct Outcome: Sendable {
    let epoch: Int
    let assignment: CoordinatorMessage.Assignment
    let seconds: Double
    let bytesRead: Int
    let result: Result<Partial, Failure>
  }

  private let jobs = Mutex<[ShardStream.Job]>([])
  private let waiting = DispatchSemaphore(value: 0)
  private let epoch = Atomic<Int>(0)
  private let read = Atomic<Int>(0)
  private let stores: StoreCache
  private let throughput = FileThroughput()

  /// Bytes of weights read since the start.
  var bytesRead: Int { read.load(ordering: .relaxed) }

  var currentEpoch: Int { epoch.load(ordering: .relaxed) }

  /// The files that could be read slowest so far.
  var slowest: [WorkerMessage.Heartbeat.Pace] { throughput.slowest() }

  init(
    threads: Int, memoryBytes: Int, paths: PathMap, limit: ReadLimit?,
    post: @escaping @Sendable (Outcome) -> Void
  ) {
    stores = StoreCache(paths: paths, paces: throughput)
    for number in 0..<threads {
      let thread = Thread { [self] in serve(memoryBytes / threads, limit, post) }
      thread.name = "compute \(number)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  func add(_ assignment: CoordinatorMessage.Assignment, stores: [String]) {
    let current = currentEpoch
    let job = ShardStream.Job(assignment, stores: stores, tag: current) { [self] in
      currentEpoch != current
    }
    jobs.withLock { $0.append(job) }
    waiting.signal()
  }

  /// Drops everything that is queued or being computed: the coordinator has forgotten it.
  func reset() {
    epoch.add(1, ordering: .relaxed)
    jobs.withLock { $0 = [] }
    stores.forget()
  }

  /// Drops the shards that no thread has begun to read.
  ///
  /// - Returns: the shards that were dropped.
  func dropQueued() -> [AssignmentID] {
    jobs.withLock { jobs in
      defer { jobs = [] }
      return jobs.map { AssignmentID($0.assignment) }
    }
  }

  /// Drops a shard unless a thread has begun to read it.
  func drop(_ id: AssignmentID) {
    jobs.withLock { jobs in
      guard let index = jobs.lastIndex(where: { AssignmentID($0.assignment) == id }) else { return }
      jobs.remove(at: index)
    }
  }

  /// Closes the files of a run that has ended.
  func forget(_ stores: [String]) { self.stores.forget(stores) }

  private func serve(_ memoryBytes: Int, _ limit: ReadLimit?, _ post: @Sendable (Outcome) -> Void) {
    let stream = ShardStream(
      library: stores, memoryBytes: memoryBytes, limit: limit,
      next: { [self] in takeJob() },
      onRead: { [self] count in read.add(count, ordering: .relaxed) })
    var started = ContinuousClock.now
    while let (job, outcome) = stream.next() {
      let now = ContinuousClock.now
      let seconds = (now - started) / .seconds(1)
      started = now
      let result: Result<Partial, Failure>
      var bytesRead = 0
      switch outcome {
      case .cancelled: continue
      case .failed(let failure): result = .failure(failure)
      case .computed(let partial, let bytes):
        result = .success(partial)
        bytesRead = bytes
      }
      post(
        Outcome(
          epoch: job.tag, assignment: job.assignment, seconds: seconds, bytesRead: bytesRead,
          result: result))
    }
  }

  private func takeJob() -> ShardStream.Job {
    while true {
      waiting.wait()
      if let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return job }
    }
  }
}
