extension Scheduler {
  /// Checks what must hold after every event; tests call it.
  ///
  /// - Returns: a description of the first thing that is wrong, or nil.
  package func violation() -> String? {
    var held: [TaskID: Set<WorkerID>] = [:]
    for (id, worker) in workers {
      if worker.credit < 0 { return "\(id) has a credit of \(worker.credit)" }
      if waiting.contains(id) != worker.wantsMore { return "\(id) waits wrongly" }
      if worker.party != nil {
        if worker.leases.count > worker.allowance {
          return "\(id) holds \(worker.leases.count) tasks after \(worker.standing.answers) answers"
        }
        if worker.standing.barredUntil != nil, !worker.leases.isEmpty { return "\(id) holds tasks though it waits" }
      }
      for lease in worker.leases.keys {
        if states[lease.task.value] != .leased {
          return "\(id) holds task \(lease.task), which is \(states[lease.task.value])"
        }
        if lease.attempt > issued[lease.task.value] {
          return "task \(lease.task) was never issued for the attempt \(lease.attempt)"
        }
        held[lease.task, default: []].insert(id)
      }
    }
    if held != holders { return "holders are not those who hold" }
    if !waiting.isSubset(of: workers.keys) { return "somebody unknown waits" }
    if let task = firstGiven.keys.first(where: { issued[$0.value] == 0 || states[$0.value] == .done }) {
      return "task \(task) is remembered though it is not open"
    }
    let given = Set(returned)
    for (number, job) in jobs.enumerated() {
      let waiting = given.union(job.postponed)
      for index in job.tasks {
        let task = TaskID(index)
        switch states[index] {
        case .leased where held[task] == nil: return "task \(index) is leased to nobody"
        case .pending where (index < job.nextFresh || issued[index] > 0) && !waiting.contains(task):
          return "task \(index) is lost"
        case .done where votes[task] != nil, .setAside where votes[task] != nil:
          return "task \(index) is closed and still waits for votes"
        default: break
        }
      }
      let states = states[job.tasks]
      if states.count(where: { $0 == .done }) != job.done { return "\(job.done) tasks of \(number) counted as done" }
      if states.count(where: { $0 == .setAside }) != job.setAside {
        return "\(job.setAside) tasks of \(number) counted as set aside"
      }
      if states.count(where: { $0 == .leased }) != job.leased {
        return "\(job.leased) tasks of \(number) counted as leased"
      }
    }
    return nil
  }
}
