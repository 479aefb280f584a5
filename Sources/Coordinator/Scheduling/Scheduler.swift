package import Core
package import System

/// Who computes which shard: a state machine without clock, sockets, files or chance.
///
/// The shell around it feeds in what happened and carries out what comes back, in order. A task is a shard of
/// one of the jobs; it is pending, leased, done or set aside, never lost and never counted twice.
package struct Scheduler: Sendable {
  package enum Event: Sendable {
    /// - Parameters:
    ///   - origin: the process behind the worker; empty when it is not known.
    ///   - slots: tasks that it computes at the same time; what it holds beyond that waits.
    ///   - party: who answers for it; nil for the coordinator's own workers, which are trusted.
    case joined(WorkerID, origin: String = "", slots: Int = 1, party: Party? = nil)
    /// The worker takes so many more tasks.
    case ready(WorkerID, credit: Int)
    /// - Parameter digest: stands for every bit of the answer.
    case done(WorkerID, Lease, digest: SHA256.Digest = .init())
    case failed(WorkerID, Lease, reason: String)
    /// The worker's host does not see what the task needs, nor what these groups of tasks of the
    /// same job need: it is not given any of them again, and nothing is held against the task.
    case outOfReach(WorkerID, Lease, groups: Set<Int>)
    /// Anything was heard of the worker.
    case heard(WorkerID)
    /// The worker goes of its own will, starts anew or was thrown out: its tasks are as good as new.
    case left(WorkerID)
    /// The worker's process or connection has ended: perhaps it was a task that killed it.
    case died(WorkerID)
    case tick
  }

  package enum Action: Sendable, Equatable {
    case assign(Lease, to: WorkerID)
    /// The worker is to drop the task, which waits in its queue: an idle one gets it.
    case revoke(Lease, from: WorkerID)
    /// The answer to this lease counts: record it. Comes once per task.
    case accept(Lease, from: WorkerID)
    /// A first answer that waits for a second opinion: keep it.
    case hold(Lease, from: WorkerID)
    /// The answer to a lease that another worker was faster on, or that was taken back.
    case ignore(Lease, from: WorkerID)
    /// The worker was silent for too long: forget it.
    case drop(WorkerID)
    /// The worker answered what it was never asked: throw it out and say so.
    case refuse(WorkerID, Lease)
    /// Workers gave other sums than two who agree.
    case dispute(TaskID, dissenters: [String])
    /// The task failed too often: the run cannot become whole.
    case setAside(TaskID, reasons: [String])
    /// Every task of the job is done or set aside.
    case finish(JobID)
  }

  package struct Limits: Sendable {
    /// A worker that is silent for longer is given up.
    package var silence: Duration
    /// A task is set aside after so many attempts that ended in death or failure.
    package var attempts: Int
    /// Near the end, a task leased for longer is handed out a second time.
    package var straggling: Duration
    /// Near the end, a task that waits in a worker's queue for longer goes to an idle one.
    package var queuing: Duration
    /// First answers that may wait for a second opinion at a time.
    package var held: Int
    /// Share of the tasks, answered by workers on other hosts, that are computed twice, as long as there is somebody
    /// to ask.
    package var verifiedElsewhere: Double
    /// Near the end, a task that a newcomer holds for longer is lent again, where nobody has answered yet.
    package var newcomers: Duration
    /// No task of a worker that is not the coordinator's own is lent again sooner.
    package var shortest: Duration
    /// How often it is looked who holds tasks without progress.
    package var review: Duration

    package init(
      silence: Duration = .seconds(10), attempts: Int = 3, straggling: Duration = .seconds(30),
      queuing: Duration = .seconds(1), held: Int = 64, verifiedElsewhere: Double = 0,
      newcomers: Duration = .seconds(5), shortest: Duration = .milliseconds(250), review: Duration = .seconds(1)
    ) {
      self.silence = silence
      self.attempts = attempts
      self.straggling = straggling
      self.queuing = queuing
      self.held = held
      self.verifiedElsewhere = verifiedElsewhere
      self.newcomers = newcomers
      self.shortest = shortest
      self.review = review
    }
  }

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
    /// Fresh tasks that wait until fewer first answers wait for a second opinion.
    var postponed: [TaskID] = []
    var leased = 0
    var done: Int
    var setAside = 0
    var isFinished = false

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
  var opinions: [TaskID: ReplicaVotes] = [:]
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
  /// - Returns: the job; see `tasks(of:)` for the numbers of its shards.
  @discardableResult
  package mutating func add(shards: Int, done: Set<ShardID> = [], groups: [Int] = []) -> JobID {
    let id = JobID(jobs.count)
    let first = states.count
    isStuck = false
    states += (0..<shards).map { done.contains(ShardID($0)) ? .done : .pending }
    issued += Array(repeating: 0, count: shards)
    owners += Array(repeating: Int32(id.value), count: shards)
    jobs.append(
      Job(
        tasks: first..<first + shards, groups: groups, nextFresh: first,
        done: states[first...].count { $0 == .done }))
    return id
  }

  package func tasks(of job: JobID) -> JobTasks { JobTasks(job: job, range: jobs[job.value].tasks) }
  package func job(of task: TaskID) -> JobID { JobID(Int(owners[task.value])) }
  package func states(of job: JobID) -> ArraySlice<State> { states[jobs[job.value].tasks] }
  package func doneCount(of job: JobID) -> Int { jobs[job.value].done }

  package var taskCount: Int { states.count }
  package var doneCount: Int { jobs.reduce(0) { $0 + $1.done } }
  package var setAsideCount: Int { jobs.reduce(0) { $0 + $1.setAside } }
  package var isFinished: Bool { jobs.allSatisfy(\.isComplete) }
  package var workerCount: Int { workers.count }

  /// First answers that wait for a second opinion.
  package var heldCount: Int { opinions.count }

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
    if !opinions.isEmpty { actions += unconfirmed() }
    actions += assignments(at: now)
    if case .tick = event { actions += transfers(at: now) }
    for index in jobs.indices where jobs[index].isComplete && !jobs[index].isFinished {
      jobs[index].isFinished = true
      actions.append(.finish(JobID(index)))
    }
    return actions
  }

  /// Gives up what is left of a job that cannot go on. Late answers to it are ignored; there is no
  /// `finish` for it.
  package mutating func abandon(_ job: JobID) {
    jobs[job.value].isFinished = true
    for task in jobs[job.value].tasks where states[task] == .pending || states[task] == .leased {
      close(TaskID(task), as: .setAside)
    }
  }

  // MARK: Answers

  private mutating func answered(
    _ id: WorkerID, _ lease: Lease, _ digest: SHA256.Digest, at now: Duration
  ) -> [Action] {
    guard let worker = workers[id] else { return [] }
    let index = lease.task.value
    guard states.indices.contains(index), issued[index] > 0, (1...issued[index]).contains(lease.attempt)
    else { return [.refuse(id, lease)] }
    let isCompared = isCompared(lease.task, by: worker)
    let held = release(lease, from: id)
    if let since = worker.leases[lease] { progress(id, since: since, at: now) }
    // A second answer to a lease, or a late one to a lease taken back, is worth as much as a first
    // one as long as the task is open: the sums are the same bits.
    guard states[index] == .leased || states[index] == .pending, held || states[index] == .pending
    else { return [.ignore(lease, from: id)] }
    guard isCompared else {
      close(lease.task, as: .done)
      return [.accept(lease, from: id)]
    }
    var known = opinions[lease.task] ?? ReplicaVotes()
    // The same answer said twice is no second opinion.
    guard held || !known.includes(worker.origin) else { return [.ignore(lease, from: id)] }
    known.add(.init(worker: id, origin: worker.origin, lease: lease, digest: digest))
    opinions[lease.task] = known
    switch known.verdict {
    case .open:
      if !isHeld(lease.task) { giveOut(lease.task) }
      return [.hold(lease, from: id)]
    case .agreed(let agreed, let dissenters):
      guard let first = known.all.first(where: { $0.lease == agreed }) else { return [] }
      close(lease.task, as: .done)
      var actions = [Action.accept(agreed, from: first.worker)]
      guard !dissenters.isEmpty else { return actions }
      actions.append(.dispute(lease.task, dissenters: dissenters.map(\.origin)))
      for liar in dissenters where workers[liar.worker]?.origin == liar.origin {
        actions += dispossess(liar.worker, at: now)
      }
      return actions
    case .hopeless:
      let origins = known.all.map(\.origin).joined(separator: ", ")
      close(lease.task, as: .setAside)
      return [.setAside(lease.task, reasons: ["no two of these agree on its sums: \(origins)"])]
    }
  }

  /// Ends a task for good; copies of it that are still held do not count any more.
  mutating func close(_ task: TaskID, as state: State) {
    for other in holders.removeValue(forKey: task) ?? [] {
      for copy in workers[other]?.leases.keys.filter({ $0.task == task }) ?? [] {
        workers[other]?.leases[copy] = nil
      }
      updateWaiting(other)
    }
    move(task, to: state)
    opinions[task] = nil
    firstGiven[task] = nil
    convictions[task] = nil
    suspects.remove(task)
    condemned.remove(task)
  }

  mutating func move(_ task: TaskID, to state: State) {
    let index = Int(owners[task.value])
    if states[task.value] == .leased { jobs[index].leased -= 1 }
    states[task.value] = state
    switch state {
    case .pending: break
    case .leased: jobs[index].leased += 1
    case .done: jobs[index].done += 1
    case .setAside: jobs[index].setAside += 1
    }
  }

  mutating func release(_ lease: Lease, from id: WorkerID) -> Bool {
    guard workers[id]?.leases.removeValue(forKey: lease) != nil else { return false }
    letGo(lease.task, id)
    updateWaiting(id)
    return true
  }

  private mutating func letGo(_ task: TaskID, _ id: WorkerID) {
    holders[task]?.remove(id)
    switch holders[task]?.count {
    case 0: holders[task] = nil
    // The copy that is left may be older than any other lease that is held once.
    case 1: nextStraggler = .zero
    default: break
    }
  }

  /// - Parameter reason: what is held against the tasks that it had; nil for nothing.
  private mutating func forget(_ id: WorkerID, reason: String?) -> [Action] {
    guard let worker = workers.removeValue(forKey: id) else { return [] }
    waiting.remove(id)
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
      if isWitness { convictions[task, default: 0] += 1 }
    }
    // Another worker may still be at it.
    if isHeld(task) { return [] }
    if let reasons = reasons[task], blame(of: task) >= limits.attempts {
      close(task, as: .setAside)
      return [.setAside(task, reasons: reasons)]
    }
    giveOut(task)
    return []
  }

  /// Reasons that are kept of a task's failures.
  private static let mostReasons = 20

  func isHeld(_ task: TaskID) -> Bool { holders[task] != nil }

  private mutating func giveOut(_ task: TaskID) {
    move(task, to: .pending)
    returned.append(task)
  }

  mutating func setCredit(of id: WorkerID, _ credit: Int) {
    workers[id]?.credit = credit
    updateWaiting(id)
  }

  /// Whoever may hold no more tasks does not wait for one: what is given need not be looked for among all of them.
  mutating func updateWaiting(_ id: WorkerID) {
    if let worker = workers[id], worker.wantsMore { waiting.insert(id) } else { waiting.remove(id) }
  }
}

extension Scheduler.Event {
  fileprivate var sender: WorkerID? {
    switch self {
    case .joined(let id, _, _, _), .ready(let id, _), .done(let id, _, _), .failed(let id, _, _),
      .outOfReach(let id, _, _), .heard(let id):
      id
    case .left, .died, .tick: nil
    }
  }

  /// Can it make an assignment possible? A thousand workers that wait say every second that they live.
  fileprivate var changesWork: Bool {
    switch self {
    case .heard, .tick: false
    default: true
    }
  }
}
