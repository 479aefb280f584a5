internal import Core

extension Scheduler {
  /// Checks what must hold after every event; tests call it.
  ///
  /// - Returns: a description of the first thing that is wrong, or nil.
  public func violation() -> String? {
    var held: [ShardID: Set<WorkerID>] = [:]
    for (id, worker) in workers {
      if worker.credit < 0 { return "\(id) has a credit of \(worker.credit)" }
      if waiting.contains(id) != (worker.credit > 0) { return "\(id) waits wrongly" }
      for lease in worker.leases.keys {
        if states[lease.shard.value] != .leased {
          return "\(id) holds shard \(lease.shard), which is \(states[lease.shard.value])"
        }
        if lease.attempt > issued[lease.shard.value] {
          return "shard \(lease.shard) was never issued for the attempt \(lease.attempt)"
        }
        held[lease.shard, default: []].insert(id)
      }
    }
    if held != holders { return "holders are not those who hold" }
    if !waiting.isSubset(of: workers.keys) { return "somebody unknown waits" }
    let given = Set(returned)
    for (number, job) in jobs.enumerated() {
      let waiting = given.union(job.postponed)
      for index in job.shards {
        let shard = ShardID(index)
        switch states[index] {
        case .leased where held[shard] == nil: return "shard \(index) is leased to nobody"
        case .pending where (index < job.nextFresh || issued[index] > 0) && !waiting.contains(shard):
          return "shard \(index) is lost"
        case .done where opinions[shard] != nil, .setAside where opinions[shard] != nil:
          return "shard \(index) is closed and still waits for opinions"
        default: break
        }
      }
      let states = states[job.shards]
      if states.count(where: { $0 == .done }) != job.done { return "\(job.done) shards of \(number) counted as done" }
      if states.count(where: { $0 == .setAside }) != job.setAside {
        return "\(job.setAside) shards of \(number) counted as set aside"
      }
      if states.count(where: { $0 == .leased }) != job.leased {
        return "\(job.leased) shards of \(number) counted as leased"
      }
    }
    return nil
  }
}
