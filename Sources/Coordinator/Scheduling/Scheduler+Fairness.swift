internal import Core

/// Nobody gets more of the run than they earn.
///
/// The coordinator's own workers are trusted. Others begin with few tasks and may hold more with every answer. Whoever
/// holds tasks without progress costs the others nothing: what it holds is lent again as soon as a worker that has
/// shown what it computes would be idle, and after a while it loses all of it and waits, longer each time.
extension Scheduler {
  /// Does the worker belong to the coordinator, or has it answered since it last lost its tasks?
  func isProven(_ worker: Worker) -> Bool { worker.party == nil || worker.standing.isProven }

  /// Do the worker's failures, and its death, count against a task? Those of strangers on other hosts do not, while
  /// somebody has shown that the work can be done.
  func isWitness(_ worker: Worker) -> Bool { isProven(worker) || worker.party?.isElsewhere == false }

  var hasProven: Bool { workers.values.contains { isProven($0) } }

  /// Failures that count against a task. Where somebody has shown that it computes, strangers' failures do not: else
  /// three of them could have any task given up, or tried with nothing beside it.
  func blame(of task: TaskID) -> Int {
    let proven = convictions[task] ?? 0
    let blame = hasProven ? proven : max(proven, reasons[task]?.count ?? 0)
    // Whatever else a dead worker held is under the same suspicion: only what was held alone can be set aside.
    guard limits.attempts > 1, suspects.contains(task), !condemned.contains(task) else { return blame }
    return min(blame, limits.attempts - 1)
  }

  /// May the worker hold one more task?
  func mayTake(_ worker: Worker, at now: Duration) -> Bool {
    guard let party = worker.party else { return true }
    if let until = worker.standing.barredUntil, now < until { return false }
    guard !worker.standing.isProven else { return worker.leases.count < worker.allowance }
    if let record = records[party], now < record.barredUntil { return false }
    // All newcomers together are given about half of what there is: the rest is for those that compute.
    let share = pendingCount / (2 * max(1, workers.count))
    return worker.leases.count < max(1, min(worker.allowance, share))
  }

  private var pendingCount: Int { jobs.reduce(0) { $0 + $1.pending } }

  /// From which age on a lease does not keep others from the task?
  ///
  /// - Parameter pieces: of the task.
  func patience(with worker: Worker, _ pieces: Int, at now: Duration) -> Duration {
    guard worker.party != nil else { return limits.straggling }
    if let oldest = worker.leases.values.min(),
      let stall = worker.standing.stall(holdingSince: oldest, pieces: mostPieces(of: worker)), now > stall
    {
      return limits.shortest
    }
    guard let pace = worker.standing.pace ?? pace else { return min(limits.straggling, limits.newcomers) }
    return min(limits.straggling, max(limits.shortest, .seconds(4 * pace * Double(pieces))))
  }

  /// Of the tasks that it holds.
  private func mostPieces(of worker: Worker) -> Int { worker.leases.keys.map { weight(of: $0.task) }.max() ?? 1 }

  /// For how long the task has been as good as nobody's work. A newcomer that takes over from another one, or from
  /// itself under another name, does not begin anew.
  func age(of lease: Lease, since: Duration, of worker: Worker, at now: Duration) -> Duration {
    now - (isProven(worker) ? since : min(since, firstGiven[lease.task] ?? since))
  }

  /// The worker has answered a lease of its own.
  mutating func progress(_ id: WorkerID, _ task: TaskID, since: Duration, at now: Duration) {
    // Until now nobody knew what is too long.
    if pace == nil { nextStraggler = .zero }
    let pieces = weight(of: task)
    pace = Standing.average(pace, (now - since) / pieces)
    // What takes no time says nothing about what takes long.
    let isLong = part(of: task).pieces > 1
    workers[id]?.standing.answered(after: now - since, pieces: pieces, isLong: isLong, at: now)
    if let party = workers[id]?.party { records[party]?.answered() }
    updateWaiting(id)
  }

  /// Takes from those that hold tasks without progress all that they hold.
  mutating func dispossessions(at now: Duration) -> [Action] {
    guard let pace else { return [] }
    let idle = workers.filter { id, worker in
      guard worker.party != nil, let oldest = worker.leases.values.min() else { return false }
      let slowest = max(pace, worker.standing.pace ?? 0) * Double(mostPieces(of: worker))
      let limit = max(limits.straggling, .seconds(8 * slowest))
      return now - max(oldest, worker.standing.progressed) > limit
    }
    return idle.keys.sorted().flatMap { dispossess($0, at: now) }
  }

  /// The worker loses its tasks, and waits; nothing is held against the tasks.
  mutating func dispossess(_ id: WorkerID, at now: Duration) -> [Action] {
    guard let worker = workers[id], let party = worker.party else { return [] }
    workers[id]?.standing.strike(at: now)
    updateWaiting(id)
    records[party, default: Record()].strike(at: now)
    isStuck = false
    return worker.leases.keys.sorted { $0.task < $1.task }.flatMap { lease -> [Action] in
      guard release(lease, from: id) else { return [] }
      return [.revoke(lease, from: id)] + giveBack(lease, reason: nil)
    }
  }

  /// Must two workers agree on the task that this one has answered?
  func isCompared(_ task: TaskID, by worker: Worker) -> Bool {
    if isVerified(task) || votes[task] != nil { return true }
    guard worker.party?.isElsewhere == true, isSampled(task, share: limits.verifiedElsewhere) else { return false }
    // With nobody to ask, the only worker's word must do.
    return workers.values.contains { $0.origin != worker.origin && isProven($0) && isWithinReach(task, $0) }
  }

  /// Is the digest of the worker's answer to the task of interest?
  package func compares(_ task: TaskID, by id: WorkerID) -> Bool {
    guard states.indices.contains(task.value), let worker = workers[id] else { return false }
    return isCompared(task, by: worker)
  }

  /// First answers that wait though nobody else is left to confirm them, where nobody has asked for two.
  mutating func unconfirmed() -> [Action] {
    let alone = votes.filter { task, known in
      !isVerified(task) && known.all.count == 1
        && !workers.values.contains { isProven($0) && !known.includes($0.origin) }
    }
    return alone.sorted { $0.key < $1.key }.compactMap { task, known in
      guard let only = known.all.first else { return nil }
      finish(task)
      return .accept(only.lease, from: only.worker)
    }
  }
}
