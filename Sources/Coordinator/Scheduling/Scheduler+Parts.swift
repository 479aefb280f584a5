package import Core

/// Tasks that several workers share.
///
/// A task whose shard is cut into pieces can be split into two halves, and these again: each is a task of its own, with
/// leases, failures and votes of its own. It is done when somebody has answered it, or both of its halves are done,
/// whichever comes first. So a task that somebody computes can be split too, for others who would be idle.
extension Scheduler {
  /// A task that is part of another one.
  struct Half: Sendable, Equatable {
    /// The shard.
    let root: TaskID
    /// The task that it is a half of.
    let parent: TaskID
    let part: ShardPart
  }

  struct Halves: Sendable, Equatable {
    let left: TaskID
    let right: TaskID
  }

  /// The shard that a task is part of, as a task.
  package func root(of task: TaskID) -> TaskID { splits[task]?.root ?? task }

  /// Which part of its shard the task is.
  package func part(of task: TaskID) -> ShardPart { splits[task]?.part ?? ShardPart(wholeOf: pieces(of: task)) }

  package func place(of task: TaskID) -> TaskPlace { TaskPlace(root: root(of: task), part: part(of: task)) }

  /// The task that is part of another one's shard.
  ///
  /// - Parameters:
  ///   - root: a whole shard.
  ///   - part: nil for all of it.
  /// - Returns: nil when it was never split like that.
  package func task(_ root: TaskID, _ part: ShardPart?) -> TaskID? {
    guard let part, !part.isWhole else { return pieces(of: root) == part?.pieces ?? 1 ? root : nil }
    return numbers[TaskPlace(root: root, part: part)]
  }

  /// Pieces of a whole shard.
  private func pieces(of root: TaskID) -> Int { sharing(of: root)?.pieces ?? 1 }

  private func sharing(of root: TaskID) -> Sharing.Shard? {
    let job = jobs[Int(owners[root.value])]
    return job.isDivisible ? job.sharing.shards[root.value - job.tasks.lowerBound] : nil
  }

  /// What may have to be kept of the parts of a shard until it is whole, in bytes.
  func reserve(of root: TaskID) -> Int {
    guard halves[root] != nil, let own = sharing(of: root) else { return 0 }
    return mostKept(of: root) * own.sumBytes + own.sharedBytes
  }

  /// How many sums of parts of an open task can wait for others at the same time: those of neighbors are added.
  private func mostKept(of task: TaskID) -> Int {
    guard let own = halves[task] else { return 0 }
    let (left, right) = (mostKept(of: own.left), mostKept(of: own.right))
    if states[own.left.value] == .done { return 1 + right }
    if states[own.right.value] == .done { return 1 + left }
    return max(left + right, 1 + max(left, right))
  }

  /// Counts anew what may have to be kept of a shard.
  mutating func updateReserve(of root: TaskID) {
    let new = reserve(of: root)
    jobs[Int(owners[root.value])].reserve += new - (reserves[root] ?? 0)
    reserves[root] = new > 0 ? new : nil
  }

  /// Pieces of which the task consists.
  func weight(of task: TaskID) -> Int { splits[task]?.part.count ?? pieces(of: task) }

  /// May the task be split? Not where that would leave too many sums waiting for others, nor what has failed, is under
  /// suspicion, or has been answered once: that is tried again as it was.
  func maySplit(_ task: TaskID) -> Bool {
    let job = jobs[Int(owners[task.value])]
    guard let own = sharing(of: root(of: task)) else { return false }
    let more = own.sumBytes + (splits[task] == nil ? own.sharedBytes : 0)
    return weight(of: task) > 1 && halves[task] == nil && job.reserve + more <= job.sharing.mostBytes
      && reasons[task] == nil && !suspects.contains(task) && votes[task] == nil && blamed[root(of: task)] == nil
  }

  /// Splits a task, which somebody may hold; nobody holds its halves, which wait.
  mutating func split(_ task: TaskID) -> Halves? {
    guard maySplit(task), let (left, right) = part(of: task).halves else { return nil }
    let job = Int(owners[task.value])
    if states[task.value] == .pending { jobs[job].pending -= weight(of: task) }
    let root = root(of: task)
    let tasks = [left, right].map { part in
      let id = TaskID(states.count)
      states.append(.pending)
      issued.append(0)
      owners.append(Int32(job))
      splits[id] = Half(root: root, parent: task, part: part)
      numbers[TaskPlace(root: root, part: part)] = id
      jobs[job].pending += part.count
      return id
    }
    let own = Halves(left: tasks[0], right: tasks[1])
    halves[task] = own
    updateReserve(of: root)
    return own
  }

  /// A part of a task that waits, of no more than so many pieces where it may be split; the others wait.
  mutating func cut(_ task: TaskID, to pieces: Int) -> TaskID {
    var task = task
    while weight(of: task) > max(1, pieces), let own = split(task) {
      returned.append(own.right)
      task = own.left
    }
    return task
  }

  /// Does the worker compute a task of which this one is part?
  func holdsMore(of task: TaskID, _ worker: Worker) -> Bool {
    var next = splits[task]?.parent
    while let parent = next {
      if halves[parent] != nil, worker.leases.keys.contains(where: { $0.task == parent }) { return true }
      next = splits[parent]?.parent
    }
    return false
  }

  /// A task is done, and with it whatever is whole now.
  mutating func finish(_ task: TaskID) {
    close(task, as: .done)
    defer { if let half = splits[task] { updateReserve(of: half.root) } }
    guard let parent = splits[task]?.parent, let own = halves[parent], states[own.left.value] == .done,
      states[own.right.value] == .done
    else { return }
    finish(parent)
  }

  /// What somebody is told to drop, as others have done it.
  mutating func takeOvertaken() -> [Action] {
    defer { overtaken = [] }
    return overtaken.filter { workers[$0.1] != nil }.sorted { ($0.1, $0.0.task) < ($1.1, $1.0.task) }
      .map { .revoke($0.0, from: $0.1) }
  }

  /// May a part that came back be handed out? The parts of a shard that has cost as many workers as a task may have
  /// attempts are tried one at a time, the one with the most deaths first, until one of them is answered.
  func mayRetry(_ task: TaskID) -> Bool {
    guard splits[task] != nil, let deaths = blamed[root(of: task)], deaths >= limits.attempts else { return true }
    var open = [root(of: task)]
    var next: (blame: Int, task: TaskID)?
    while let part = open.popLast() {
      if let own = halves[part] {
        open += [own.left, own.right]
      } else if states[part.value] == .leased {
        return false
      } else if states[part.value] == .pending {
        let blame = blame(of: part)
        if let next, (next.blame, part) > (blame, next.task) { continue }
        next = (blame, part)
      }
    }
    return next?.task == task
  }

  /// Gives up the shard that a task is part of.
  mutating func abandonShard(of task: TaskID) -> TaskID {
    let root = root(of: task)
    close(root, as: .setAside)
    return root
  }
}
