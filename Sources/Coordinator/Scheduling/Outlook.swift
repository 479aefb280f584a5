/// How the rest of the work will go, as far as the workers' speeds tell: looked at near the end, when it begins to matter
/// who gets the last tasks.
///
/// In an ideal end all workers finish at the same moment. What a slow worker would finish after that is left for faster
/// ones, and what it is at already is lent to them as soon as they would have it done much sooner. The first is never
/// asked of the worker that is the first to finish, so that there is always one that takes what is left.
struct Outlook: Sendable, Equatable {
  /// Seconds until all open work is done, if it could be divided at will.
  let horizon: Double
  /// Seconds until the first worker could have finished one more task.
  let first: Double
  /// Work of an open task, in the mean.
  let task: Double
  /// The highest speed of a thread of the workers that have nothing to do, once all tasks were handed out; nil when all
  /// have.
  let idleSpeed: Double?
}

extension Scheduler {
  /// With more pending tasks for each worker than this the end is far.
  private static let pendingPerWorker = 16
  /// Another worker is faster if it takes a task by so much sooner: speeds are estimates.
  static let advantage = 1.5

  /// To be called when time has passed.
  mutating func look(at now: Duration) {
    outlook = nil
    // Whoever was turned away asks anew: what kept it from a task may be over.
    isStuck = false
    let pending = jobs.reduce(0) { $0 + $1.tasks.count - $1.done - $1.setAside - $1.leased }
    let open = jobs.reduce(0) { $0 + $1.tasks.count - $1.done - $1.setAside }
    // Where not everybody may take everything, the fastest may not be the one that a task waits for.
    guard open > 0, pending <= Self.pendingPerWorker * workers.count,
      workers.values.allSatisfy({ $0.outOfReach.keys.allSatisfy { jobs[$0.value].isFinished } })
    else { return }
    let task = max(0, openWork) / Double(open)
    guard task > 0 else { return }
    var (total, first) = (0.0, Double.infinity)
    var idleSpeed: Double?
    // Sums depend on their order, and the order of a dictionary on chance.
    for (_, worker) in workers.sorted(by: { $0.key < $1.key }) {
      guard let speed = worker.standing.speed, worker.credit > 0 || !worker.leases.isEmpty,
        worker.standing.barredUntil.map({ $0 <= now }) ?? true
      else { continue }
      let delay = delay(of: worker, task / speed, at: now)
      // Whoever has stopped is not counted on.
      if delay < 4 * task / speed { total += speed }
      // One that computes a quarantined task takes no other.
      if !computesAlone(worker) { first = min(first, (worker.load + task) / speed + delay) }
      if pending == 0, worker.leases.isEmpty, worker.credit > 0 {
        idleSpeed = max(idleSpeed ?? 0, speed / Double(worker.slots))
      }
    }
    guard total > 0 else { return }
    outlook = Outlook(horizon: max(0, openWork) / total, first: first, task: task, idleSpeed: idleSpeed)
  }

  /// Seconds by which the worker's next answer is late.
  ///
  /// - Parameter expected: seconds that a task takes it.
  private func delay(of worker: Worker, _ expected: Double, at now: Duration) -> Double {
    guard let oldest = worker.leases.values.min() else { return 0 }
    return max(0, (now - max(oldest, worker.standing.progressed)) / .seconds(1) - expected)
  }

  /// Seconds until the worker would have finished one more task; 0 where nobody asks.
  func finish(of worker: Worker) -> Double {
    guard let outlook, worker.party != nil, let speed = worker.standing.speed else { return 0 }
    return (worker.load + outlook.task) / speed
  }

  /// Whoever would finish one more task later than this is not to take it: others are faster.
  var latestFinish: Double { outlook.map { max($0.horizon, $0.first) * (1 + 1e-9) } ?? .infinity }

  /// Seconds until the worker will have finished each task that it holds, in the order in which it was given them; empty
  /// where that is not known. One that is late already is expected to take as long again.
  func remaining(of worker: Worker, at now: Duration) -> [(lease: Lease, seconds: Double)] {
    guard outlook != nil, worker.party != nil, let speed = worker.standing.speed,
      let oldest = worker.leases.values.min()
    else { return [] }
    let elapsed = (now - max(oldest, worker.standing.progressed)) / .seconds(1)
    var seconds: Double?
    return worker.leases.sorted { ($0.value, $0.key.task) < ($1.value, $1.key.task) }.map { lease, _ in
      let own = works[lease.task.value] / speed
      let sum = seconds.map { $0 + own } ?? (elapsed > Self.advantage * own ? elapsed : max(own - elapsed, own / 2))
      seconds = sum
      return (lease, sum)
    }
  }
}
