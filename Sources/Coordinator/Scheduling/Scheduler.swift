public import Core
internal import System

/// Who computes which shard: a state machine without clock, sockets, files or chance.
///
/// The shell around it feeds in what happened and carries out what comes back, in order. A shard is
/// pending, leased, done or set aside; it is never lost and never counted twice. The shards of
/// several jobs are numbered through, in the order in which the jobs were added.
public struct Scheduler: Sendable {
  public enum Event: Sendable {
    /// - Parameters:
    ///   - origin: the process behind the worker; empty when it is not known.
    ///   - slots: shards that it computes at the same time; what it holds beyond that waits.
    case joined(WorkerID, origin: String = "", slots: Int = 1)
    /// The worker takes so many more shards.
    case ready(WorkerID, credit: Int)
    /// - Parameter digest: stands for every bit of the answer.
    case done(WorkerID, Lease, digest: UInt64 = 0)
    case failed(WorkerID, Lease, reason: String)
    /// The worker's host does not see what the shard needs, nor what these groups of shards of the
    /// same job need: it is not given any of them again, and nothing is held against the shard.
    case outOfReach(WorkerID, Lease, groups: Set<Int>)
    /// Anything was heard of the worker.
    case heard(WorkerID)
    /// The worker goes of its own will, starts anew or was thrown out: its shards are as good as new.
    case left(WorkerID)
    /// The worker's process or connection has ended: perhaps it was a shard that killed it.
    case died(WorkerID)
    case tick
  }

  public enum Action: Sendable, Equatable {
    case assign(Lease, to: WorkerID)
    /// The worker is to drop the shard, which waits in its queue: an idle one gets it.
    case revoke(Lease, from: WorkerID)
    /// The answer to this lease counts: record it. Comes once per shard.
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
    case dispute(ShardID, dissenters: [String])
    /// The shard failed too often: the run cannot become whole.
    case setAside(ShardID, reasons: [String])
    /// Every shard of the job is done or set aside.
    case finish(JobID)
  }

  public struct Limits: Sendable {
    /// A worker that is silent for longer is given up.
    public var silence: Duration
    /// A shard is set aside after so many attempts that ended in death or failure.
    public var attempts: Int
    /// Near the end, a shard leased for longer is handed out a second time.
    public var straggling: Duration
    /// Near the end, a shard that waits in a worker's queue for longer goes to an idle one.
    public var queuing: Duration
    /// First answers that may wait for a second opinion at a time.
    public var held: Int

    public init(
      silence: Duration = .seconds(10), attempts: Int = 3, straggling: Duration = .seconds(30),
      queuing: Duration = .seconds(1), held: Int = 64
    ) {
      self.silence = silence
      self.attempts = attempts
      self.straggling = straggling
      self.queuing = queuing
      self.held = held
    }
  }

  struct Worker: Sendable {
    var origin: String
    var slots = 1
    var credit = 0
    var lastHeard: Duration
    var leases: [Lease: Duration] = [:]
    /// Groups of shards, by job, that its host cannot compute.
    var outOfReach: [JobID: Set<Int>] = [:]
  }

  /// The shards of one run.
  struct Job: Sendable {
    let shards: Range<Int>
    /// Group of each shard: those of a group need the same files. Empty when that is not known.
    let groups: [Int]
    var nextFresh: Int
    /// Fresh shards that wait until fewer first answers wait for a second opinion.
    var postponed: [ShardID] = []
    var leased = 0
    var done: Int
    var setAside = 0
    var isFinished = false

    var isComplete: Bool { done + setAside == shards.count }
    var hasFresh: Bool { nextFresh < shards.upperBound || !postponed.isEmpty }
  }

  public enum State: Sendable, Equatable {
    case pending
    case leased
    case done
    case setAside
  }

  let limits: Limits
  /// Share of the shards that two workers compute.
  let verified: Double
  var states: [State] = []
  var issued: [Int] = []
  var jobs: [Job] = []
  /// The job of each shard.
  var owners: [Int32] = []
  var reasons: [ShardID: [String]] = [:]
  /// Shards that a worker died with, or fell silent: perhaps because of them.
  var suspects: Set<ShardID> = []
  var workers: [WorkerID: Worker] = [:]
  /// Workers that hold a shard.
  var holders: [ShardID: Set<WorkerID>] = [:]
  /// Workers that would take a shard.
  var waiting: Set<WorkerID> = []
  var opinions: [ShardID: ReplicaVotes] = [:]
  /// Shards that came back: handed out before any other.
  var returned: [ShardID] = []
  /// Nothing that waits could be given to anybody who waits, and nothing has changed since.
  var isStuck = false
  /// No lease is older than the limit before this moment.
  var nextStraggler = Duration.zero

  public init(limits: Limits = Limits(), verified: Double = 0) {
    self.limits = limits
    self.verified = verified
  }

  /// One job.
  ///
  /// - Parameters:
  ///   - shards: number of shards of the plan.
  ///   - done: shards that a former session of the run has finished.
  ///   - verified: share of the shards, spread evenly, that two workers must agree on; 0 to 1.
  public init(
    shards: Int, done: Set<ShardID> = [], limits: Limits = Limits(), verified: Double = 0
  ) {
    self.init(limits: limits, verified: verified)
    add(shards: shards, done: done)
  }

  /// Takes in the shards of one more run. They are handed out at the next event.
  ///
  /// - Parameters:
  ///   - done: shards of the run, numbered from 0, that a former session has finished.
  ///   - groups: for each shard the group of those that need the same files; empty for none.
  /// - Returns: the job; its shards are numbered from `first(of:)` on.
  @discardableResult
  public mutating func add(shards: Int, done: Set<ShardID> = [], groups: [Int] = []) -> JobID {
    let id = JobID(jobs.count)
    let first = states.count
    isStuck = false
    states += (0..<shards).map { done.contains(ShardID($0)) ? .done : .pending }
    issued += Array(repeating: 0, count: shards)
    owners += Array(repeating: Int32(id.value), count: shards)
    jobs.append(
      Job(
        shards: first..<first + shards, groups: groups, nextFresh: first,
        done: states[first...].count { $0 == .done }))
    return id
  }

  public func first(of job: JobID) -> Int { jobs[job.value].shards.lowerBound }
  public func job(of shard: ShardID) -> JobID { JobID(Int(owners[shard.value])) }
  public func states(of job: JobID) -> ArraySlice<State> { states[jobs[job.value].shards] }
  public func doneCount(of job: JobID) -> Int { jobs[job.value].done }

  public var shardCount: Int { states.count }
  public var doneCount: Int { jobs.reduce(0) { $0 + $1.done } }
  public var setAsideCount: Int { jobs.reduce(0) { $0 + $1.setAside } }
  public var isFinished: Bool { jobs.allSatisfy(\.isComplete) }
  public var workerCount: Int { workers.count }

  /// First answers that wait for a second opinion.
  public var heldCount: Int { opinions.count }

  /// Shards that workers hold, with the time since each was handed out.
  public func leases(at now: Duration) -> [(WorkerID, Lease, age: Duration)] {
    workers.sorted { $0.key < $1.key }.flatMap { id, worker in
      worker.leases.sorted { $0.key.shard < $1.key.shard }.map { (id, $0.key, now - $0.value) }
    }
  }

  /// A shard that is open while everybody who is there is out of its reach.
  public func unreachableShard(of job: JobID) -> ShardID? {
    guard !workers.isEmpty, workers.values.allSatisfy({ $0.outOfReach[job] != nil }) else { return nil }
    return jobs[job.value].shards.lazy.map { ShardID($0) }.first { shard in
      states[shard.value] == .pending && !workers.values.contains { isWithinReach(shard, $0) }
    }
  }

  /// Applies one event.
  ///
  /// - Parameter now: time since any fixed moment; never goes back.
  /// - Returns: what the shell must do, in order.
  public mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .joined(let id, let origin, let slots):
      workers[id] = Worker(origin: origin.isEmpty ? "\(id)" : origin, slots: max(1, slots), lastHeard: now)
    case .ready(let id, let credit):
      guard let worker = workers[id] else { break }
      // A worker never computes more than it has threads for; the cap only bounds a false one.
      setCredit(of: id, min(worker.credit + min(max(credit, 0), 1024), 1024))
    case .done(let id, let lease, let digest):
      actions += answered(id, lease, digest)
    case .failed(let id, let lease, let reason):
      guard release(lease, from: id) else { break }
      actions += giveBack(lease, reason: reason)
    case .outOfReach(let id, let lease, let groups):
      guard states.indices.contains(lease.shard.value) else { break }
      let job = job(of: lease.shard)
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
    }
    if let id = event.sender { workers[id]?.lastHeard = now }
    if event.changesWork { isStuck = false }
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
  public mutating func abandon(_ job: JobID) {
    jobs[job.value].isFinished = true
    for shard in jobs[job.value].shards where states[shard] == .pending || states[shard] == .leased {
      close(ShardID(shard), as: .setAside)
    }
  }

  // MARK: Answers

  private mutating func answered(_ id: WorkerID, _ lease: Lease, _ digest: UInt64) -> [Action] {
    guard let worker = workers[id] else { return [] }
    let index = lease.shard.value
    guard states.indices.contains(index), issued[index] > 0, (1...issued[index]).contains(lease.attempt)
    else { return [.refuse(id, lease)] }
    let held = release(lease, from: id)
    // A second answer to a lease, or a late one to a lease taken back, is worth as much as a first
    // one as long as the shard is open: the sums are the same bits.
    guard states[index] == .leased || states[index] == .pending, held || states[index] == .pending
    else { return [.ignore(lease, from: id)] }
    guard isVerified(lease.shard) else {
      close(lease.shard, as: .done)
      return [.accept(lease, from: id)]
    }
    var known = opinions[lease.shard] ?? ReplicaVotes()
    // The same answer said twice is no second opinion.
    guard held || !known.includes(worker.origin) else { return [.ignore(lease, from: id)] }
    known.add(.init(worker: id, origin: worker.origin, lease: lease, digest: digest))
    opinions[lease.shard] = known
    switch known.verdict {
    case .open:
      if !isHeld(lease.shard) { giveOut(lease.shard) }
      return [.hold(lease, from: id)]
    case .agreed(let agreed, let dissenters):
      guard let first = known.all.first(where: { $0.lease == agreed }) else { return [] }
      close(lease.shard, as: .done)
      let accepted = [Action.accept(agreed, from: first.worker)]
      return dissenters.isEmpty
        ? accepted : accepted + [.dispute(lease.shard, dissenters: dissenters.map(\.origin))]
    case .hopeless:
      let origins = known.all.map(\.origin).joined(separator: ", ")
      close(lease.shard, as: .setAside)
      return [.setAside(lease.shard, reasons: ["no two of these agree on its sums: \(origins)"])]
    }
  }

  /// Ends a shard for good; copies of it that are still held do not count any more.
  private mutating func close(_ shard: ShardID, as state: State) {
    for other in holders.removeValue(forKey: shard) ?? [] {
      for copy in workers[other]?.leases.keys.filter({ $0.shard == shard }) ?? [] {
        workers[other]?.leases[copy] = nil
      }
    }
    move(shard, to: state)
    opinions[shard] = nil
    suspects.remove(shard)
  }

  mutating func move(_ shard: ShardID, to state: State) {
    let index = Int(owners[shard.value])
    if states[shard.value] == .leased { jobs[index].leased -= 1 }
    states[shard.value] = state
    switch state {
    case .pending: break
    case .leased: jobs[index].leased += 1
    case .done: jobs[index].done += 1
    case .setAside: jobs[index].setAside += 1
    }
  }

  mutating func release(_ lease: Lease, from id: WorkerID) -> Bool {
    guard workers[id]?.leases.removeValue(forKey: lease) != nil else { return false }
    letGo(lease.shard, id)
    return true
  }

  private mutating func letGo(_ shard: ShardID, _ id: WorkerID) {
    holders[shard]?.remove(id)
    switch holders[shard]?.count {
    case 0: holders[shard] = nil
    // The copy that is left may be older than any other lease that is held once.
    case 1: nextStraggler = .zero
    default: break
    }
  }

  /// - Parameter reason: what is held against the shards that it had; nil for nothing.
  private mutating func forget(_ id: WorkerID, reason: String?) -> [Action] {
    guard let worker = workers.removeValue(forKey: id) else { return [] }
    waiting.remove(id)
    for lease in worker.leases.keys { letGo(lease.shard, id) }
    return worker.leases.keys.sorted { $0.shard < $1.shard }.flatMap { lease in
      if reason != nil { suspects.insert(lease.shard) }
      return giveBack(lease, reason: reason.map { "\(worker.origin) \($0)" })
    }
  }

  private mutating func giveBack(_ lease: Lease, reason: String?) -> [Action] {
    let shard = lease.shard
    guard states[shard.value] == .leased else { return [] }
    if let reason { reasons[shard, default: []].append("attempt \(lease.attempt): \(reason)") }
    // Another worker may still be at it.
    if isHeld(shard) { return [] }
    if let reasons = reasons[shard], reasons.count >= limits.attempts {
      close(shard, as: .setAside)
      return [.setAside(shard, reasons: reasons)]
    }
    giveOut(shard)
    return []
  }

  func isHeld(_ shard: ShardID) -> Bool { holders[shard] != nil }

  private mutating func giveOut(_ shard: ShardID) {
    move(shard, to: .pending)
    returned.append(shard)
  }

  mutating func setCredit(of id: WorkerID, _ credit: Int) {
    workers[id]?.credit = credit
    if credit > 0, workers[id] != nil { waiting.insert(id) } else { waiting.remove(id) }
  }
}

extension Scheduler.Event {
  fileprivate var sender: WorkerID? {
    switch self {
    case .joined(let id, _, _), .ready(let id, _), .done(let id, _, _), .failed(let id, _, _),
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
