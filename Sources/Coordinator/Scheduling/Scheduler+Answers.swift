internal import Core
internal import System

/// What an answer is worth.
extension Scheduler {
  mutating func answered(
    _ id: WorkerID, _ lease: Lease, _ digest: SHA256.Digest, at now: Duration
  ) -> [Action] {
    guard let worker = workers[id] else { return [] }
    let index = lease.task.value
    guard states.indices.contains(index), issued[index] > 0, (1...issued[index]).contains(lease.attempt)
    else { return [.refuse(id, lease)] }
    let isCompared = isCompared(lease.task, by: worker)
    let held = release(lease, from: id)
    if let since = worker.leases[lease] { progress(id, lease.task, since: since, at: now) }
    // A second answer to a lease, or a late one to a lease taken back, is worth as much as a first
    // one as long as the task is open: the sums are the same bits.
    guard states[index] == .leased || states[index] == .pending, held || states[index] == .pending
    else { return [.ignore(lease, from: id)] }
    guard isCompared else {
      finish(lease.task)
      exonerate(lease.task)
      return [.accept(lease, from: id)]
    }
    var known = votes[lease.task] ?? ReplicaVotes()
    // The same answer said twice is no second opinion.
    guard held || !known.includes(worker.origin) else { return [.ignore(lease, from: id)] }
    known.add(.init(worker: id, origin: worker.origin, lease: lease, digest: digest))
    votes[lease.task] = known
    switch known.verdict {
    case .open:
      if !isHeld(lease.task) { giveOut(lease.task) }
      return [.hold(lease, from: id)]
    case .agreed(let agreed, let dissenters):
      guard let first = known.all.first(where: { $0.lease == agreed }) else { return [] }
      finish(lease.task)
      exonerate(lease.task)
      var actions = [Action.accept(agreed, from: first.worker)]
      guard !dissenters.isEmpty else { return actions }
      actions.append(.dispute(lease.task, dissenters: dissenters.map(\.origin)))
      for liar in dissenters where workers[liar.worker]?.origin == liar.origin {
        actions += dispossess(liar.worker, at: now)
      }
      return actions
    case .hopeless:
      let origins = known.all.map(\.origin).joined(separator: ", ")
      return [.setAside(abandonShard(of: lease.task), reasons: ["no two of these agree on its sums: \(origins)"])]
    }
  }
  /// A part of the shard can be computed, so that it may be tried by several again.
  private mutating func exonerate(_ task: TaskID) {
    let root = root(of: task)
    if blamed[root] != nil { blamed[root] = 0 }
  }
}
