package import Core
internal import System

/// Who computes which shard: a state machine without clock, sockets, files or chance.
///
/// The shell around it feeds in what happened and carries out what comes back, in order. A task is a shard of
/// one of the jobs; it is pending, leased, done or set aside, never lost and never counted twice.
package struct Scheduler: Sendable {
  struct Worker: Sendable {
    var origin: String
    var slots = 1
    var credit = 0
    var lastHeard: Duration
    let party: Party?
    var standing: Standing
    var leases: [Lease: Duration] = [:]
    /// Groups of tasks, by job, that its host cannot compute.
    var outOfReach: [JobID: Set<Int>] = [:]

    /// Tasks that it may hold at a time, whatever else there is.
    var allowance: Int { party == nil ? .max : standing.allowance(slots: slots) }
    var wantsMore: Bool { credit > 0 && leases.count < allowance }
  }

  /// The tasks of one run.
  struct Job: Sendable {
    let tasks: Range<Int>
    /// Group of each task: those of a group need the same files. Empty when that is not known.
    let groups: [Int]
    var nextFresh: Int
    let sharing: Sharing
    /// What finished parts of open shards may take, in bytes.
    var reserve = 0
    /// Pieces that wait for somebody.
    var pending: Int
    /// Fresh tasks that wait until fewer first answers wait for a second opinion.
    var postponed: [TaskID] = []
    var leased = 0
    var done: Int
    var setAside = 0
    var isFinished = false

    var isDivisible: Bool { !sharing.shards.isEmpty }
    var isComplete: Bool { done + setAside == tasks.count }
    var hasFresh: Bool { nextFresh < tasks.upperBound || !postponed.isEmpty }
  }

  package enum State: Sendable, Equatable {
    case pending
    case leased
    case done
    case setAside
  }

  let limits: Limits
  /// Share of the tasks that two workers compute.
  let verified: Double
  var states: [State] = []
  var issued: [Int] = []
  var jobs: [Job] = []
  /// Tasks that are part of others, for as long as the scheduler lasts: late answers name them.
  var splits: [TaskID: Half] = [:]
  /// Their numbers.
  var numbers: [TaskPlace: TaskID] = [:]
  /// Of open tasks that are split.
  var halves: [TaskID: Halves] = [:]
  /// What finished parts of each shard that is split may take.
  var reserves: [TaskID: Int] = [:]
  var rates: Rates?
  /// From when on it is worth looking for somebody who can help.
  var nextHelp = Duration.zero
  /// The job of each task.
  var owners: [Int32] = []
  var reasons: [TaskID: [String]] = [:]
  /// Tasks that a worker died with, or fell silent: perhaps because of them.
  var suspects: Set<TaskID> = []
  /// Of these, the ones that were held alone by a worker that died of them or failed at them.
  var condemned: Set<TaskID> = []
  var workers: [WorkerID: Worker] = [:]
  /// Workers that hold a task.
  var holders: [TaskID: Set<WorkerID>] = [:]
  /// Workers that would take a task, and may hold one more.
  var waiting: Set<WorkerID> = []
  var votes: [TaskID: ReplicaVotes] = [:]
  /// Of those who wait, the ones that have enough to do for now.
  var sated: Set<WorkerID> = []
  /// Tasks that came back: handed out before any other.
  var returned: [TaskID] = []
  /// Seconds from an assignment to the answer, over all workers: a moving average; nil before the first answer.
  var pace: Double?
  /// What is held against parties.
  var records: [Party: Record] = [:]
  /// When each open task was first handed out.
  var firstGiven: [TaskID: Duration] = [:]
  /// Failures of a task that proven workers reported or died of.
  var convictions: [TaskID: Int] = [:]
  /// Shards that proven workers died of or failed at, or at part of, with how many did so since anybody answered a part:
  /// no more workers are to share them.
  var blamed: [TaskID: Int] = [:]
  /// Leases of parts that others have answered: their holders are told at the end of the event.
  var overtaken: [(Lease, WorkerID)] = []
  /// Nothing that waits could be given to anybody who waits, and nothing has changed since.
  var isStuck = false
  /// When it is next looked who holds tasks without progress.
  var nextReview = Duration.zero
  /// There are stragglers and nobody to take them, and nothing has changed since.
  var hasNoTaker = false
  /// No lease is older than the limit before this moment.
  var nextStraggler = Duration.zero

  package init(limits: Limits = Limits(), verified: Double = 0) {
    self.limits = limits
    self.verified = verified
  }

  /// One job.
  ///
  /// - Parameters:
  ///   - shards: number of shards of the plan.
  ///   - done: shards that a former session of the run has finished.
  ///   - verified: share of the tasks, spread evenly, that two workers must agree on; 0 to 1.
  package init(
    shards: Int, done: Set<ShardID> = [], limits: Limits = Limits(), verified: Double = 0
  ) {
    self.init(limits: limits, verified: verified)
    add(shards: shards, done: done)
  }

  /// Takes in the tasks of one more run. They are handed out at the next event.
  ///
  /// - Parameters:
  ///   - done: shards of the plan that a former session has finished.
  ///   - groups: for each shard the group of those that need the same files; empty for none.
  ///   - sharing: how the shards may be shared.
  /// - Returns: the job; see `tasks(of:)` for the numbers of its shards.
  @discardableResult
  package mutating func add(
    shards: Int, done: Set<ShardID> = [], groups: [Int] = [], sharing: Sharing = Sharing()
  ) -> JobID {
    precondition(
      sharing.shards.isEmpty || sharing.shards.count == shards, "\(sharing.shards.count) of \(shards) shards")
    let id = JobID(jobs.count)
    let first = states.count
    isGivenAnew()
    states += (0..<shards).map { done.contains(ShardID($0)) ? .done : .pending }
    issued += Array(repeating: 0, count: shards)
    owners += Array(repeating: Int32(id.value), count: shards)
    jobs.append(
      Job(
        tasks: first..<first + shards, groups: groups, nextFresh: first,
        sharing: sharing,
        pending: (0..<shards).reduce(0) { sum, shard in
          states[first + shard] == .done ? sum : sum + (sharing.shards.isEmpty ? 1 : sharing.shards[shard].pieces)
        },
        done: states[first...].count { $0 == .done }))
    return id
  }

  package func tasks(of job: JobID) -> JobTasks { JobTasks(job: job, range: jobs[job.value].tasks) }
  package func job(of task: TaskID) -> JobID { JobID(Int(owners[task.value])) }
  /// Of its shards, each by its place in the plan; one of which parts are under way counts as leased.
  package func states(of job: JobID) -> [State] {
    jobs[job.value].tasks.map { states[$0] == .pending && halves[TaskID($0)] != nil ? .leased : states[$0] }
  }
  package func doneCount(of job: JobID) -> Int { jobs[job.value].done }

  package var taskCount: Int { jobs.reduce(0) { $0 + $1.tasks.count } }
  package var doneCount: Int { jobs.reduce(0) { $0 + $1.done } }
  package var setAsideCount: Int { jobs.reduce(0) { $0 + $1.setAside } }
  package var isFinished: Bool { jobs.allSatisfy(\.isComplete) }
  package var workerCount: Int { workers.count }

  /// First answers that wait for a second opinion.
  package var heldCount: Int { votes.count }

  /// Tasks that workers hold, with the time since each was handed out.
  package func leases(at now: Duration) -> [(WorkerID, Lease, age: Duration)] {
    workers.sorted { $0.key < $1.key }.flatMap { id, worker in
      worker.leases.sorted { $0.key.task < $1.key.task }.map { (id, $0.key, now - $0.value) }
    }
  }

  /// A task that is open while everybody who is there is out of its reach.
  package func unreachableTask(of job: JobID) -> TaskID? {
    guard !workers.isEmpty, workers.values.allSatisfy({ $0.outOfReach[job] != nil }) else { return nil }
    return jobs[job.value].tasks.lazy.map { TaskID($0) }.first { task in
      states[task.value] == .pending && !workers.values.contains { isWithinReach(task, $0) }
    }
  }

  /// Applies one event.
  ///
  /// - Parameter now: time since any fixed moment; never goes back.
  /// - Returns: what the shell must do, in order.
  package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .joined(let id, let origin, let slots, let party):
      workers[id] = Worker(
        origin: origin.isEmpty ? "\(id)" : origin, slots: max(1, slots), lastHeard: now, party: party,
        standing: Standing(at: now))
    case .ready(let id, let credit):
      guard let worker = workers[id] else { break }
      // A worker never computes more than it has threads for; the cap only bounds a false one.
      setCredit(of: id, min(worker.credit + min(max(credit, 0), 1024), 1024))
    case .done(let id, let lease, let digest):
      actions += answered(id, lease, digest, at: now)
    case .failed(let id, let lease, let reason):
      guard release(lease, from: id) else { break }
      let isWitness = workers[id].map { self.isWitness($0) } ?? false
      actions += giveBack(lease, reason: reason, isWitness: isWitness, isAlone: workers[id]?.leases.isEmpty ?? true)
      // Whoever has shown nothing but failures waits as well, unless it is on this host: it sees the same files as the
      // coordinator, and the cause may be one that has gone.
      if !isWitness { actions += dispossess(id, at: now) }
    case .outOfReach(let id, let lease, let groups):
      guard states.indices.contains(lease.task.value) else { break }
      let job = job(of: lease.task)
      workers[id]?.outOfReach[job, default: []].formUnion(groups)
      guard release(lease, from: id) else { break }
      actions += giveBack(lease, reason: nil)
    case .undelivered(let id, let lease):
      setCredit(of: id, 0)
      guard release(lease, from: id) else { break }
      actions += giveBack(lease, reason: nil)
    case .heard:
      break
    case .left(let id):
      actions += forget(id, reason: nil)
    case .died(let id):
      actions += forget(id, reason: "died while it computed the shard")
    case .tick:
      let silent = workers.filter { now - $0.value.lastHeard > limits.silence }.keys.sorted()
      if !silent.isEmpty { isStuck = false }
      for id in silent {
        actions.append(.drop(id))
        actions += forget(id, reason: "fell silent while it computed the shard")
      }
      if now >= nextReview {
        nextReview = now + limits.review
        actions += dispossessions(at: now)
      }
      // Who waited for so long may be given something again.
      if !records.isEmpty { isStuck = false }
    }
    if let id = event.sender { workers[id]?.lastHeard = now }
    if event.changesWork { (isStuck, hasNoTaker) = (false, false) }
    if case .tick = event { hasNoTaker = false }
    if !votes.isEmpty { actions += unconfirmed() }
    actions += takeOvertaken()
    actions += assignments(at: now)
    if case .tick = event { actions += transfers(at: now) }
    for index in jobs.indices where jobs[index].isComplete && !jobs[index].isFinished {
      jobs[index].isFinished = true
      sated = []
      actions.append(.finish(JobID(index)))
    }
    return actions
  }

  /// Gives up what is left of a job that cannot go on. Late answers to it are ignored; there is no
  /// `finish` for it.
  package mutating func abandon(_ job: JobID) {
    jobs[job.value].isFinished = true
    sated = []
    for task in jobs[job.value].tasks where states[task] == .pending || states[task] == .leased {
      close(TaskID(task), as: .setAside)
    }
    // Workers are told that the run is closed.
    overtaken = []
  }

  mutating func setCredit(of id: WorkerID, _ credit: Int) {
    workers[id]?.credit = credit
    updateWaiting(id)
  }

  /// Whoever may hold no more tasks does not wait for one: what is given need not be looked for among all of them.
  mutating func updateWaiting(_ id: WorkerID) {
    if let worker = workers[id], worker.wantsMore { waiting.insert(id) } else { waiting.remove(id) }
    sated.remove(id)
  }

  /// There is something that there was not before.
  mutating func isGivenAnew() {
    isStuck = false
    sated = []
  }
}
