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
        case .pending
        where halves[task] == nil && (index < job.nextFresh || issued[index] > 0) && !waiting.contains(task):
          return "task \(index) is lost"
        case .done where votes[task] != nil, .setAside where votes[task] != nil:
          return "task \(index) is closed and still waits for votes"
        default: break
        }
      }
      if let fault = sharingViolation(in: JobID(number), waiting: waiting) { return fault }
      let states = states[job.tasks]
      if states.count(where: { $0 == .done }) != job.done { return "\(job.done) tasks of \(number) counted as done" }
      if states.count(where: { $0 == .setAside }) != job.setAside {
        return "\(job.setAside) tasks of \(number) counted as set aside"
      }
      if leased(in: JobID(number)) != job.leased {
        return "\(job.leased) tasks of \(number) counted as leased"
      }
    }
    return nil
  }

  /// Tasks of a job that are leased, parts of shards among them.
  private func leased(in job: JobID) -> Int {
    states.indices.count { owners[$0] == job.value && states[$0] == .leased }
  }

  /// What must hold of tasks that are split: nothing of an open shard is lost, whoever computes which part.
  private func sharingViolation(in job: JobID, waiting: Set<TaskID>) -> String? {
    var bytes = 0
    var pending = 0
    for root in jobs[job.value].tasks.map({ TaskID($0) }) {
      let isOpen = states[root.value] == .pending || states[root.value] == .leased
      if !isOpen, halves[root] != nil { return "task \(root) is closed and still split" }
      bytes += reserve(of: root)
      var tasks = isOpen ? [root] : []
      while let task = tasks.popLast() {
        guard let own = halves[task] else {
          guard states[task.value] == .pending else { continue }
          pending += weight(of: task)
          if task != root, !waiting.contains(task) { return "\(part(of: task)) of task \(root) is lost" }
          continue
        }
        let both = [own.left, own.right]
        if both.contains(where: { self.splits[$0]?.parent != task }) {
          return "the halves of task \(task) are not its own"
        }
        if both.allSatisfy({ states[$0.value] == .done }) { return "task \(task) is done and open" }
        if both.contains(where: { states[$0.value] == .setAside }) { return "task \(task) is set aside and open" }
        tasks += both.filter { states[$0.value] == .pending || states[$0.value] == .leased }
      }
    }
    if bytes != jobs[job.value].reserve { return "\(jobs[job.value].reserve) bytes of \(job) counted, not \(bytes)" }
    if bytes > jobs[job.value].sharing.mostBytes { return "parts of \(job) may take \(bytes) bytes" }
    if pending != jobs[job.value].pending { return "\(jobs[job.value].pending) pieces of \(job) counted as pending" }
    return nil
  }
}
