internal import Core

/// Tasks change hands: they end, come back and are blamed or not.
extension Scheduler {
  /// Ends a task for good; copies of it that are still held do not count any more.
  mutating func close(_ task: TaskID, as state: State) {
    let own = halves[task]
    for half in own.map({ [$0.left, $0.right] }) ?? []
    where states[half.value] == .pending || states[half.value] == .leased {
      close(half, as: state)
    }
    for other in holders.removeValue(forKey: task) ?? [] {
      for copy in workers[other]?.leases.keys.filter({ $0.task == task }) ?? [] {
        workers[other]?.leases[copy] = nil
        // A queue in which it lies may be long.
        if own != nil || splits[task] != nil { overtaken.append((copy, other)) }
      }
      updateWaiting(other)
    }
    move(task, to: state)
    if own != nil {
      halves[task] = nil
      if splits[task] == nil { updateReserve(of: task) }
    }
    votes[task] = nil
    firstGiven[task] = nil
    convictions[task] = nil
    blamed[task] = nil
    suspects.remove(task)
    condemned.remove(task)
  }

  mutating func move(_ task: TaskID, to state: State) {
    let index = Int(owners[task.value])
    // Of a task that is split, the halves wait.
    let waiting = halves[task] == nil ? weight(of: task) : 0
    switch states[task.value] {
    case .pending: jobs[index].pending -= waiting
    case .leased: jobs[index].leased -= 1
    case .done, .setAside: break
    }
    states[task.value] = state
    let shards = splits[task] == nil ? 1 : 0
    switch state {
    case .pending: jobs[index].pending += waiting
    case .leased: jobs[index].leased += 1
    case .done: jobs[index].done += shards
    case .setAside: jobs[index].setAside += shards
    }
  }

  mutating func release(_ lease: Lease, from id: WorkerID) -> Bool {
    guard workers[id]?.leases.removeValue(forKey: lease) != nil else { return false }
    letGo(lease.task, id)
    updateWaiting(id)
    return true
  }

  mutating func letGo(_ task: TaskID, _ id: WorkerID) {
    holders[task]?.remove(id)
    switch holders[task]?.count {
    case 0: holders[task] = nil
    // The copy that is left may be older than any other lease that is held once.
    case 1: nextStraggler = .zero
    default: break
    }
  }

  /// - Parameter reason: what is held against the tasks that it had; nil for nothing.
  mutating func forget(_ id: WorkerID, reason: String?) -> [Action] {
    guard let worker = workers.removeValue(forKey: id) else { return [] }
    waiting.remove(id)
    sated.remove(id)
    for lease in worker.leases.keys { letGo(lease.task, id) }
    return worker.leases.keys.sorted { $0.task < $1.task }.flatMap { lease in
      if reason != nil, isWitness(worker) || !hasProven { suspects.insert(lease.task) }
      return giveBack(
        lease, reason: reason.map { "\(worker.origin) \($0)" }, isWitness: isWitness(worker),
        isAlone: worker.leases.count == 1)
    }
  }

  /// - Parameters:
  ///   - reason: what is held against the task; nil for nothing.
  ///   - isWitness: whether what the worker says or suffers counts against the task.
  ///   - isAlone: whether the worker held nothing else, so that nothing else can be the cause.
  mutating func giveBack(_ lease: Lease, reason: String?, isWitness: Bool = true, isAlone: Bool = true)
    -> [Action]
  {
    let task = lease.task
    guard states[task.value] == .leased else { return [] }
    if let reason {
      if reasons[task, default: []].count < Self.mostReasons {
        reasons[task, default: []].append("attempt \(lease.attempt): \(reason)")
      }
      if isAlone { condemned.insert(task) }
      if isWitness {
        convictions[task, default: 0] += 1
        blamed[root(of: task), default: 0] += 1
      }
    }
    // Another worker may still be at it.
    if isHeld(task) { return [] }
    if let reasons = reasons[task], blame(of: task) >= limits.attempts {
      return [.setAside(abandonShard(of: task), reasons: reasons)]
    }
    giveOut(task)
    return []
  }

  /// Reasons that are kept of a task's failures.
  private static let mostReasons = 20

  func isHeld(_ task: TaskID) -> Bool { holders[task] != nil }

  mutating func giveOut(_ task: TaskID) {
    move(task, to: .pending)
    guard halves[task] == nil else { return }
    returned.append(task)
    sated = []
  }
}
