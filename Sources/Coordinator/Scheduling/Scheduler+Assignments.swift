public import Core

/// Which shard goes to which worker next.
extension Scheduler {
  mutating func assignments(at now: Duration) -> [Action] {
    var actions: [Action] = []
    while !waiting.isEmpty {
      guard let (id, shard) = nextAssignment(at: now) else {
        isStuck = true
        break
      }
      actions.append(.assign(hand(shard, to: id, at: now), to: id))
    }
    return actions
  }

  private mutating func hand(_ shard: ShardID, to id: WorkerID, at now: Duration) -> Lease {
    issued[shard.value] += 1
    let lease = Lease(shard: shard, attempt: issued[shard.value])
    if states[shard.value] != .leased { move(shard, to: .leased) }
    setCredit(of: id, (workers[id]?.credit ?? 0) - 1)
    workers[id]?.leases[lease] = now
    holders[shard, default: []].insert(id)
    return lease
  }

  /// The first worker in the order of service that there is a shard for, and the shard.
  private mutating func nextAssignment(at now: Duration) -> (WorkerID, ShardID)? {
    // With nothing to give, the order of service need not be known.
    let hasShards = !isStuck && (!returned.isEmpty || jobs.contains { !$0.isFinished && $0.hasFresh })
    guard hasShards || now >= nextStraggler else { return nil }
    let waiting = waiting.compactMap { id in workers[id].map { (key: id, value: $0) } }
      .sorted { Self.isBusier($1, $0) }
    let reserved = reservedWorker
    for (id, worker) in waiting where hasShards {
      guard !computesAlone(worker) else { continue }
      if let shard = takeReturned(for: worker) { return (id, shard) }
      // Kept free until it is empty and can take a shard on probation.
      if id == reserved { continue }
      if let shard = takeFresh(for: worker) { return (id, shard) }
    }
    let stragglers = stragglers(at: now)
    guard !stragglers.isEmpty else { return nil }
    for (id, worker) in waiting where !computesAlone(worker) {
      let other = stragglers.first { straggler in
        straggler.holder != id && mayCompute(straggler.shard, worker)
      }
      if let other { return (id, other.shard) }
    }
    return nil
  }

  /// The order in which workers are served: the one with the fewest leases first, then by number.
  private static func isBusier(
    _ a: (key: WorkerID, value: Worker), _ b: (key: WorkerID, value: Worker)
  ) -> Bool {
    (a.value.leases.count, a.key) > (b.value.leases.count, b.key)
  }

  /// One death more, and the shard is set aside. Until then whatever else its worker held was under
  /// the same suspicion; so the last attempt is made with nothing beside it.
  private func isOnProbation(_ shard: ShardID) -> Bool {
    limits.attempts > 1 && suspects.contains(shard)
      && (reasons[shard]?.count ?? 0) >= limits.attempts - 1
  }

  private func computesAlone(_ worker: Worker) -> Bool {
    !suspects.isEmpty && worker.leases.keys.contains { isOnProbation($0.shard) }
  }

  func isWithinReach(_ shard: ShardID, _ worker: Worker) -> Bool {
    guard !worker.outOfReach.isEmpty, let groups = worker.outOfReach[job(of: shard)] else { return true }
    let job = jobs[Int(owners[shard.value])]
    let index = shard.value - job.shards.lowerBound
    return !job.groups.indices.contains(index) || !groups.contains(job.groups[index])
  }

  private func mayCompute(_ shard: ShardID, _ worker: Worker) -> Bool {
    guard isWithinReach(shard, worker) else { return false }
    if isOnProbation(shard), !worker.leases.isEmpty { return false }
    guard let known = opinions[shard], known.includes(worker.origin) else { return true }
    // Whoever was asked already may settle a dispute only if nobody else is there.
    return known.isDisputed && !workers.values.contains { !known.includes($0.origin) }
  }

  /// The worker that is next to be empty, while a shard on probation waits for one.
  private var reservedWorker: WorkerID? {
    guard !suspects.isEmpty, returned.contains(where: { isOnProbation($0) }) else { return nil }
    return workers.filter { id, worker in
      !computesAlone(worker) && (worker.credit > 0 || !worker.leases.isEmpty)
    }.min { Self.isBusier($1, $0) }?.key
  }

  private mutating func takeReturned(for worker: Worker) -> ShardID? {
    guard !returned.isEmpty else { return nil }
    returned.removeAll { states[$0.value] != .pending }
    guard let index = returned.firstIndex(where: { mayCompute($0, worker) }) else { return nil }
    return returned.remove(at: index)
  }

  /// The next shard of the job that has the fewest workers at it: jobs share the pool evenly.
  private mutating func takeFresh(for worker: Worker) -> ShardID? {
    let open = jobs.indices.filter { !jobs[$0].isFinished && jobs[$0].hasFresh }
    guard open.count > 1 else { return open.first.flatMap { takeFresh(in: $0, for: worker) } }
    for index in open.sorted(by: { (jobs[$0].leased, $0) < (jobs[$1].leased, $1) }) {
      if let shard = takeFresh(in: index, for: worker) { return shard }
    }
    return nil
  }

  private mutating func takeFresh(in index: Int, for worker: Worker) -> ShardID? {
    if opinions.count < limits.held,
      let place = jobs[index].postponed.firstIndex(where: { isWithinReach($0, worker) })
    {
      let shard = jobs[index].postponed.remove(at: place)
      if states[shard.value] == .pending { return shard }
    }
    if worker.outOfReach[JobID(index)] != nil { return takeWithinReach(in: index, of: worker) }
    while jobs[index].nextFresh < jobs[index].shards.upperBound {
      let shard = ShardID(jobs[index].nextFresh)
      jobs[index].nextFresh += 1
      guard states[shard.value] == .pending, issued[shard.value] == 0 else { continue }
      guard opinions.count < limits.held || !isVerified(shard) else {
        jobs[index].postponed.append(shard)
        continue
      }
      return shard
    }
    return nil
  }

  /// For a worker that not every shard is for: the first one further on that is. Those before it
  /// stay for others.
  private func takeWithinReach(in index: Int, of worker: Worker) -> ShardID? {
    (jobs[index].nextFresh..<jobs[index].shards.upperBound).lazy.map { ShardID($0) }.first { shard in
      states[shard.value] == .pending && issued[shard.value] == 0 && isWithinReach(shard, worker)
        && (opinions.count < limits.held || !isVerified(shard))
    }
  }

  /// Must two workers agree on the shard? Every (1/F)th of the plan.
  public func isVerified(_ shard: ShardID) -> Bool {
    guard verified > 0 else { return false }
    return (Double(shard.value + 1) * verified).rounded(.down)
      > (Double(shard.value) * verified).rounded(.down)
  }

  /// Shards that wait behind others, given to workers that have nothing to do: so the last shards do not
  /// pile up where they were handed out first.
  mutating func transfers(at now: Duration) -> [Action] {
    let reserved = reservedWorker
    var idle = waiting.filter { $0 != reserved && workers[$0]?.leases.isEmpty == true }.sorted()[...]
    guard !idle.isEmpty else { return [] }
    var actions: [Action] = []
    let loaded = workers.filter { $0.value.leases.count > $0.value.slots }
      .sorted { ($1.value.leases.count, $0.key) < ($0.value.leases.count, $1.key) }
    for (holder, worker) in loaded {
      // The youngest waits at the end of the queue.
      let queue = worker.leases.sorted { ($0.value, $0.key.shard) > ($1.value, $1.key.shard) }
      for (lease, since) in queue.prefix(worker.leases.count - worker.slots) {
        guard let id = idle.first, now - since > limits.queuing else { break }
        guard let taker = workers[id], holders[lease.shard]?.count == 1, !isOnProbation(lease.shard),
          mayCompute(lease.shard, taker), release(lease, from: holder)
        else { continue }
        idle.removeFirst()
        actions.append(.revoke(lease, from: holder))
        actions.append(.assign(hand(lease.shard, to: id, at: now), to: id))
      }
    }
    return actions
  }

  /// The shards that a worker has held too long and no other has, the longest held first.
  private mutating func stragglers(at now: Duration) -> [(shard: ShardID, holder: WorkerID)] {
    guard now >= nextStraggler else { return [] }
    var found: [(shard: ShardID, holder: WorkerID, since: Duration)] = []
    var earliest = now + limits.straggling
    for (holder, worker) in workers {
      for (lease, since) in worker.leases where holders[lease.shard]?.count == 1 {
        if now - since > limits.straggling {
          found.append((lease.shard, holder, since))
        } else {
          earliest = min(earliest, since + limits.straggling)
        }
      }
    }
    // A lease that is given from now on straggles later than all these.
    if found.isEmpty { nextStraggler = earliest }
    return found.sorted { ($0.since, $0.shard) < ($1.since, $1.shard) }.map { ($0.shard, $0.holder) }
  }
}
