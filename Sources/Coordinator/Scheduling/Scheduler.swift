public import Core

/// Who computes which shard: a state machine without clock, sockets, files or chance.
///
/// The shell around it feeds in what happened and carries out what comes back, in order. A shard is
/// pending, leased, done or set aside; it is never lost and never counted twice.
public struct Scheduler: Sendable {
  public enum Event: Sendable {
    /// - Parameter origin: the process behind the worker; empty when it is not known.
    case joined(WorkerID, origin: String = "")
    /// The worker takes so many more shards.
    case ready(WorkerID, credit: Int)
    /// - Parameter digest: stands for every bit of the answer.
    case done(WorkerID, Lease, digest: UInt64 = 0)
    case failed(WorkerID, Lease, reason: String)
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
    /// Every shard is done or set aside.
    case finish
  }

  public struct Limits: Sendable {
    /// A worker that is silent for longer is given up.
    public var silence: Duration
    /// A shard is set aside after so many attempts that ended in death or failure.
    public var attempts: Int
    /// Near the end, a shard leased for longer is handed out a second time.
    public var straggling: Duration
    /// First answers that may wait for a second opinion at a time.
    public var held: Int

    public init(
      silence: Duration = .seconds(10), attempts: Int = 3, straggling: Duration = .seconds(30),
      held: Int = 64
    ) {
      self.silence = silence
      self.attempts = attempts
      self.straggling = straggling
      self.held = held
    }
  }

  struct Worker: Sendable {
    var origin: String
    var credit = 0
    var lastHeard: Duration
    var leases: [Lease: Duration] = [:]
  }

  enum State: Sendable, Equatable {
    case pending
    case leased
    case done
    case setAside
  }

  let limits: Limits
  /// Share of the shards that two workers compute.
  let verified: Double
  private(set) var states: [State]
  private(set) var issued: [Int]
  private(set) var reasons: [ShardID: [String]] = [:]
  /// Shards that a worker died with, or fell silent: perhaps because of them.
  private(set) var suspects: Set<ShardID> = []
  private(set) var workers: [WorkerID: Worker] = [:]
  private(set) var opinions: [ShardID: Opinions] = [:]
  /// Shards to hand out: those that came back first, then the rest of the plan in order.
  private var returned: [ShardID] = []
  private var nextFresh = 0
  /// Fresh shards that wait until fewer first answers wait for a second opinion.
  private var postponed: [ShardID] = []
  private var finished = false

  public private(set) var doneCount: Int
  public private(set) var setAsideCount = 0

  /// - Parameters:
  ///   - shards: number of shards of the plan.
  ///   - done: shards that a former session of the run has finished.
  ///   - verified: share of the shards, spread evenly, that two workers must agree on; 0 to 1.
  public init(
    shards: Int, done: Set<ShardID> = [], limits: Limits = Limits(), verified: Double = 0
  ) {
    self.limits = limits
    self.verified = verified
    states = (0..<shards).map { done.contains(ShardID($0)) ? .done : .pending }
    issued = Array(repeating: 0, count: shards)
    doneCount = states.count { $0 == .done }
  }

  public var shardCount: Int { states.count }
  public var isFinished: Bool { doneCount + setAsideCount == states.count }
  public var workerCount: Int { workers.count }

  /// First answers that wait for a second opinion.
  public var heldCount: Int { opinions.count }

  /// Shards that workers hold, with the time since each was handed out.
  public func leases(at now: Duration) -> [(WorkerID, Lease, age: Duration)] {
    workers.sorted { $0.key < $1.key }.flatMap { id, worker in
      worker.leases.sorted { $0.key.shard < $1.key.shard }.map { (id, $0.key, now - $0.value) }
    }
  }

  /// Applies one event.
  ///
  /// - Parameter now: time since any fixed moment; never goes back.
  /// - Returns: what the shell must do, in order.
  public mutating func handle(_ event: Event, at now: Duration) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .joined(let id, let origin):
      workers[id] = Worker(origin: origin.isEmpty ? "\(id)" : origin, lastHeard: now)
    case .ready(let id, let credit):
      guard let worker = workers[id] else { break }
      // A worker never computes more than it has threads for; the cap only bounds a false one.
      workers[id]?.credit = min(worker.credit + min(max(credit, 0), 1024), 1024)
    case .done(let id, let lease, let digest):
      actions += answered(id, lease, digest)
    case .failed(let id, let lease, let reason):
      guard release(lease, from: id) else { break }
      actions += giveBack(lease, reason: reason)
    case .heard:
      break
    case .left(let id):
      actions += forget(id, reason: nil)
    case .died(let id):
      actions += forget(id, reason: "died while it computed the shard")
    case .tick:
      for id in workers.keys.sorted() {
        guard let worker = workers[id], now - worker.lastHeard > limits.silence else { continue }
        actions.append(.drop(id))
        actions += forget(id, reason: "fell silent while it computed the shard")
      }
    }
    if let id = event.sender { workers[id]?.lastHeard = now }
    actions += assignments(at: now)
    if isFinished, !finished {
      finished = true
      actions.append(.finish)
    }
    return actions
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
    var known = opinions[lease.shard] ?? Opinions()
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

  private mutating func close(_ shard: ShardID, as state: State) {
    for other in workers.keys {
      for copy in workers[other]?.leases.keys.filter({ $0.shard == shard }) ?? [] {
        workers[other]?.leases[copy] = nil
      }
    }
    states[shard.value] = state
    opinions[shard] = nil
    if state == .done { doneCount += 1 } else { setAsideCount += 1 }
  }

  private mutating func release(_ lease: Lease, from id: WorkerID) -> Bool {
    workers[id]?.leases.removeValue(forKey: lease) != nil
  }

  /// - Parameter reason: what is held against the shards that it had; nil for nothing.
  private mutating func forget(_ id: WorkerID, reason: String?) -> [Action] {
    guard let worker = workers.removeValue(forKey: id) else { return [] }
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

  private func isHeld(_ shard: ShardID) -> Bool {
    workers.values.contains { $0.leases.keys.contains { $0.shard == shard } }
  }

  private mutating func giveOut(_ shard: ShardID) {
    states[shard.value] = .pending
    returned.append(shard)
  }

  // MARK: Assignments

  private mutating func assignments(at now: Duration) -> [Action] {
    var actions: [Action] = []
    while let (id, shard) = nextAssignment(at: now) {
      issued[shard.value] += 1
      let lease = Lease(shard: shard, attempt: issued[shard.value])
      states[shard.value] = .leased
      workers[id]?.credit -= 1
      workers[id]?.leases[lease] = now
      actions.append(.assign(lease, to: id))
    }
    return actions
  }

  /// The first worker in the order of service that there is a shard for, and the shard.
  private mutating func nextAssignment(at now: Duration) -> (WorkerID, ShardID)? {
    let waiting = workers.filter { $0.value.credit > 0 }.sorted { Self.isBusier($1, $0) }
    guard !waiting.isEmpty else { return nil }
    let reserved = reservedWorker
    for (id, worker) in waiting {
      guard !computesAlone(worker) else { continue }
      if let shard = takeReturned(for: worker) { return (id, shard) }
      // Kept free until it is empty and can take a shard on probation.
      if id == reserved { continue }
      if let shard = takeFresh() { return (id, shard) }
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
    _ a: Dictionary<WorkerID, Worker>.Element, _ b: Dictionary<WorkerID, Worker>.Element
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
    worker.leases.keys.contains { isOnProbation($0.shard) }
  }

  private func mayCompute(_ shard: ShardID, _ worker: Worker) -> Bool {
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
    returned.removeAll { states[$0.value] != .pending }
    guard let index = returned.firstIndex(where: { mayCompute($0, worker) }) else { return nil }
    return returned.remove(at: index)
  }

  private mutating func takeFresh() -> ShardID? {
    if opinions.count < limits.held, let shard = postponed.first {
      postponed.removeFirst()
      if states[shard.value] == .pending { return shard }
    }
    while nextFresh < states.count {
      let shard = ShardID(nextFresh)
      nextFresh += 1
      guard states[shard.value] == .pending else { continue }
      guard opinions.count < limits.held || !isVerified(shard) else {
        postponed.append(shard)
        continue
      }
      return shard
    }
    return nil
  }

  /// Must two workers agree on the shard? Every (1/F)th of the plan.
  public func isVerified(_ shard: ShardID) -> Bool {
    guard verified > 0 else { return false }
    return (Double(shard.value + 1) * verified).rounded(.down)
      > (Double(shard.value) * verified).rounded(.down)
  }

  /// The shards that a worker has held too long and no other has, the longest held first.
  private func stragglers(at now: Duration) -> [(shard: ShardID, holder: WorkerID)] {
    var held: [ShardID: (copies: Int, holder: WorkerID, since: Duration)] = [:]
    for (holder, worker) in workers {
      for (lease, since) in worker.leases {
        held[lease.shard, default: (0, holder, since)].copies += 1
      }
    }
    return held.filter { $0.value.copies == 1 && now - $0.value.since > limits.straggling }
      .sorted { ($0.value.since, $0.key) < ($1.value.since, $1.key) }
      .map { ($0.key, $0.value.holder) }
  }

  // MARK: Invariants

  /// Checks what must hold after every event; tests call it.
  ///
  /// - Returns: a description of the first thing that is wrong, or nil.
  public func violation() -> String? {
    var held = Set<ShardID>()
    for (id, worker) in workers {
      if worker.credit < 0 { return "\(id) has a credit of \(worker.credit)" }
      for lease in worker.leases.keys {
        if states[lease.shard.value] != .leased { return "\(id) holds shard \(lease.shard), which is \(states[lease.shard.value])" }
        if lease.attempt > issued[lease.shard.value] { return "shard \(lease.shard) was never issued for the attempt \(lease.attempt)" }
        held.insert(lease.shard)
      }
    }
    let waiting = Set(returned + postponed)
    for (index, state) in states.enumerated() {
      let shard = ShardID(index)
      switch state {
      case .leased where !held.contains(shard): return "shard \(index) is leased to nobody"
      case .pending where index < nextFresh && !waiting.contains(shard): return "shard \(index) is lost"
      case .done where opinions[shard] != nil, .setAside where opinions[shard] != nil:
        return "shard \(index) is closed and still waits for opinions"
      default: break
      }
    }
    if states.count(where: { $0 == .done }) != doneCount { return "\(doneCount) shards counted as done" }
    if states.count(where: { $0 == .setAside }) != setAsideCount { return "\(setAsideCount) shards counted as set aside" }
    return nil
  }
}

extension Scheduler.Event {
  fileprivate var sender: WorkerID? {
    switch self {
    case .joined(let id, _), .ready(let id, _), .done(let id, _, _), .failed(let id, _, _), .heard(let id): id
    case .left, .died, .tick: nil
    }
  }
}
