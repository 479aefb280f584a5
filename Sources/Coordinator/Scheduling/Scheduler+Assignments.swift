/// Which task goes to which worker next.
extension Scheduler {
  mutating func assignments(at now: Duration) -> [Action] {
    var actions = ordinaryAssignments(at: now)
    let help = help(at: now)
    if !help.isEmpty { actions += help + ordinaryAssignments(at: now) }
    while !waiting.isEmpty, let (id, task) = nextCopy(at: now) {
      actions.append(.assign(hand(task, to: id, at: now), to: id))
    }
    return actions
  }

  private mutating func ordinaryAssignments(at now: Duration) -> [Action] {
    var actions: [Action] = []
    while !waiting.isEmpty {
      guard let (id, task) = nextAssignment(at: now) else {
        isStuck = true
        break
      }
      actions.append(.assign(hand(task, to: id, at: now), to: id))
    }
    return actions
  }

  mutating func hand(_ task: TaskID, to id: WorkerID, at now: Duration) -> Lease {
    issued[task.value] += 1
    let lease = Lease(task: task, attempt: issued[task.value])
    if states[task.value] != .leased { move(task, to: .leased) }
    setCredit(of: id, (workers[id]?.credit ?? 0) - 1)
    workers[id]?.leases[lease] = now
    workers[id]?.standing.isFreed()
    updateWaiting(id)
    firstGiven[task] = firstGiven[task] ?? now
    holders[task, default: []].insert(id)
    return lease
  }

  /// Whoever waits, those with the fewest leases first, then those who came first.
  private func inOrder(_ waiting: Set<WorkerID>) -> [WorkerID] {
    waiting.map { (leases: workers[$0]?.leases.count ?? 0, id: $0) }.sorted { $0 < $1 }.map(\.id)
  }

  /// The first worker in the order of service that there is a task for, and the task.
  private mutating func nextAssignment(at now: Duration) -> (WorkerID, TaskID)? {
    // With nothing to give, the order of service need not be known.
    guard !isStuck, !returned.isEmpty || jobs.contains(where: { !$0.isFinished && $0.hasFresh }) else { return nil }
    let reserved = reservedWorker
    for id in inOrder(waiting.subtracting(sated)) {
      guard let worker = workers[id], mayTake(worker, at: now), !computesAlone(worker) else { continue }
      if isSated(worker, at: now) {
        sated.insert(id)
        continue
      }
      if let task = takeReturned(for: worker, at: now) { return (id, task) }
      // Kept free until it is empty and can take a quarantined task.
      if id == reserved { continue }
      if let task = takeFresh(for: worker, at: now) { return (id, task) }
    }
    return nil
  }

  /// Near the end, a worker and a task that those who hold it take too long for.
  private mutating func nextCopy(at now: Duration) -> (WorkerID, TaskID)? {
    guard now >= nextStraggler, !hasNoTaker else { return nil }
    let stragglers = stragglers(at: now)
    guard !stragglers.isEmpty else { return nil }
    // Who has a pace helps with what can be shared as soon as that makes sense.
    let others = stragglers.filter { !isShareable($0.task) }
    // A newcomer's word is not enough to keep a task from those that compute.
    let mayLend = hasProven
    for id in inOrder(waiting) {
      guard let worker = workers[id], mayTake(worker, at: now), !computesAlone(worker), !mayLend || isProven(worker)
      else { continue }
      let other = (worker.standing.secondsPerPiece == nil ? stragglers : others).first { straggler in
        holders[straggler.task]?.contains(id) == false && mayCompute(straggler.task, worker)
      }
      if let other { return (id, other.task) }
    }
    hasNoTaker = true
    // Answers to parts come in thick and fast.
    if jobs.contains(where: { $0.isDivisible && !$0.isFinished }) { nextStraggler = now + Self.helpInterval }
    return nil
  }

  /// One death more, and the task is set aside. Until then whatever else its worker held was under
  /// the same suspicion; so the last attempt is made with nothing beside it.
  func isQuarantined(_ task: TaskID) -> Bool {
    limits.attempts > 1 && suspects.contains(task) && blame(of: task) >= limits.attempts - 1
  }

  func computesAlone(_ worker: Worker) -> Bool {
    !suspects.isEmpty && worker.leases.keys.contains { isQuarantined($0.task) }
  }

  func isWithinReach(_ task: TaskID, _ worker: Worker) -> Bool {
    guard !worker.outOfReach.isEmpty, let groups = worker.outOfReach[job(of: task)] else { return true }
    let job = jobs[Int(owners[task.value])]
    let index = root(of: task).value - job.tasks.lowerBound
    return !job.groups.indices.contains(index) || !groups.contains(job.groups[index])
  }

  func mayCompute(_ task: TaskID, _ worker: Worker) -> Bool {
    guard isWithinReach(task, worker) else { return false }
    if isQuarantined(task), !worker.leases.isEmpty { return false }
    if holdsMore(of: task, worker) { return false }
    // What has failed goes to those that have shown that they compute.
    let known = votes[task]
    if reasons[task] != nil, !isWitness(worker),
      workers.values.contains(where: {
        isProven($0) && isWithinReach(task, $0) && known?.includes($0.origin) != true
      })
    {
      return false
    }
    guard let known, known.includes(worker.origin) else { return true }
    // Whoever was asked already may settle a dispute only if nobody else is there.
    return known.isDisputed && !workers.values.contains { isProven($0) && !known.includes($0.origin) }
  }

  /// The worker that is next to be empty, while a quarantined task waits for one.
  private var reservedWorker: WorkerID? {
    guard !suspects.isEmpty, returned.contains(where: { isQuarantined($0) }) else { return nil }
    return workers.filter { id, worker in
      !computesAlone(worker) && (worker.credit > 0 || !worker.leases.isEmpty)
    }.min { ($0.value.leases.count, $0.key) < ($1.value.leases.count, $1.key) }?.key
  }

  private mutating func takeReturned(for worker: Worker, at now: Duration) -> TaskID? {
    guard !returned.isEmpty else { return nil }
    returned.removeAll { states[$0.value] != .pending || halves[$0] != nil }
    var shares: [Int: Int?] = [:]
    var best: (place: Int, pieces: Int, share: Int)?
    for (place, task) in returned.enumerated() where mayCompute(task, worker) && mayRetry(task) {
      let index = Int(owners[task.value])
      let known = shares[index] ?? share(of: worker, in: index, at: now)
      shares[index] = .some(known)
      guard let share = known else { return returned.remove(at: place) }
      guard share > 0 else { continue }
      // The largest that is not too large; else the smallest, which is cut.
      let pieces = weight(of: task)
      if let best, pieces <= share ? best.pieces <= share && best.pieces >= pieces : best.pieces <= pieces { continue }
      best = (place, pieces, share)
    }
    guard let best else { return nil }
    return cut(returned.remove(at: best.place), to: best.share)
  }

  /// The next task of the job that has the fewest workers at it: jobs share the pool evenly.
  private mutating func takeFresh(for worker: Worker, at now: Duration) -> TaskID? {
    var open = jobs.indices.filter { !jobs[$0].isFinished && jobs[$0].hasFresh }
    if open.count > 1 { open.sort { (jobs[$0].leased, $0) < (jobs[$1].leased, $1) } }
    for index in open {
      let share = share(of: worker, in: index, at: now)
      guard share != 0, let task = takeFresh(in: index, for: worker) else { continue }
      return share.map { cut(task, to: $0) } ?? task
    }
    return nil
  }

  private mutating func takeFresh(in index: Int, for worker: Worker) -> TaskID? {
    if votes.count < limits.held,
      let place = jobs[index].postponed.firstIndex(where: { isWithinReach($0, worker) })
    {
      let task = jobs[index].postponed.remove(at: place)
      if states[task.value] == .pending { return task }
    }
    if worker.outOfReach[JobID(index)] != nil { return takeWithinReach(in: index, of: worker) }
    while jobs[index].nextFresh < jobs[index].tasks.upperBound {
      let task = TaskID(jobs[index].nextFresh)
      jobs[index].nextFresh += 1
      guard isFresh(task) else { continue }
      guard votes.count < limits.held || !isVerified(task) else {
        jobs[index].postponed.append(task)
        continue
      }
      return task
    }
    return nil
  }

  /// For a worker that not every task is for: the first one further on that is. Those before it
  /// stay for others.
  private func takeWithinReach(in index: Int, of worker: Worker) -> TaskID? {
    (jobs[index].nextFresh..<jobs[index].tasks.upperBound).lazy.map { TaskID($0) }.first { task in
      isFresh(task) && isWithinReach(task, worker)
        && (votes.count < limits.held || !isVerified(task))
    }
  }

  private func isFresh(_ task: TaskID) -> Bool {
    states[task.value] == .pending && issued[task.value] == 0 && halves[task] == nil
  }

  /// Must two workers agree on the task? Every (1/F)th of the plan.
  package func isVerified(_ task: TaskID) -> Bool { isSampled(task, share: verified) }

  /// Every (1 / share)th shard, with all of its parts.
  func isSampled(_ task: TaskID, share: Double) -> Bool {
    guard share > 0 else { return false }
    let number = Double(root(of: task).value)
    return ((number + 1) * share).rounded(.down) > (number * share).rounded(.down)
  }

  /// Tasks that wait behind others, given to workers that have nothing to do: so the last tasks do not
  /// pile up where they were handed out first.
  mutating func transfers(at now: Duration) -> [Action] {
    let reserved = reservedWorker
    var idle = waiting.filter { id in
      guard id != reserved, let worker = workers[id], worker.leases.isEmpty else { return false }
      return isProven(worker) && mayTake(worker, at: now)
    }.sorted()[...]
    guard !idle.isEmpty else { return [] }
    var actions: [Action] = []
    let loaded = workers.filter { $0.value.leases.count > $0.value.slots }
      .sorted { ($1.value.leases.count, $0.key) < ($0.value.leases.count, $1.key) }
    for (holder, worker) in loaded {
      // The youngest waits at the end of the queue.
      let queue = worker.leases.sorted { ($0.value, $0.key.task) > ($1.value, $1.key.task) }
      for (lease, since) in queue.prefix(worker.leases.count - worker.slots) {
        guard let id = idle.first, now - since > limits.queuing else { break }
        guard let taker = workers[id], holders[lease.task]?.count == 1, halves[lease.task] == nil,
          !isQuarantined(lease.task), mayCompute(lease.task, taker), release(lease, from: holder)
        else { continue }
        idle.removeFirst()
        actions.append(.revoke(lease, from: holder))
        actions.append(.assign(hand(lease.task, to: id, at: now), to: id))
      }
    }
    return actions
  }

  /// The tasks whose holders all take too long, the longest held first, each with its first holder.
  private mutating func stragglers(at now: Duration) -> [(task: TaskID, holder: WorkerID)] {
    guard now >= nextStraggler else { return [] }
    var late: [(task: TaskID, holder: WorkerID, since: Duration)] = []
    var earliest = now + min(limits.straggling, limits.newcomers)
    for (holder, worker) in workers where !worker.leases.isEmpty {
      let ordinary = patience(with: worker, 1, at: now)
      // A task that was split stays so while it is open, and its halves have leases of their own.
      for (lease, since) in worker.leases where halves[lease.task] == nil {
        let pieces = weight(of: lease.task)
        let patience = pieces == 1 ? ordinary : patience(with: worker, pieces, at: now)
        let age = age(of: lease, since: since, of: worker, at: now)
        if age > patience {
          late.append((lease.task, holder, since))
        } else {
          earliest = min(earliest, now + patience - age)
        }
      }
    }
    // Nobody holds a task twice.
    var counts: [TaskID: Int] = [:]
    for entry in late { counts[entry.task, default: 0] += 1 }
    late.removeAll { counts[$0.task] != holders[$0.task]?.count }
    // What a worker has died of or failed at may cost no more workers than it has attempts left, though their deaths
    // are noticed late.
    late.removeAll { entry in
      guard let convicted = convictions[entry.task] else { return false }
      return convicted + (counts[entry.task] ?? 0) >= limits.attempts
    }
    // A lease that is given from now on straggles later than all these. Patience shrinks with the pool's pace.
    if late.isEmpty {
      nextStraggler = pace.map { min(earliest, now + max(limits.shortest, .seconds($0 / 4))) } ?? earliest
    }
    late.sort { ($0.since, $0.task, $0.holder) < ($1.since, $1.task, $1.holder) }
    return late.map { ($0.task, $0.holder) }
  }
}
