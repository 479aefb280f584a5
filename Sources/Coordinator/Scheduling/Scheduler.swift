public import Core

/// A worker as the coordinator knows it. A worker that comes back after it was given up is new.
public struct WorkerID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let value: Int
  public init(_ value: Int) { self.value = value }
  public static func < (a: WorkerID, b: WorkerID) -> Bool { a.value < b.value }
  public var description: String { "worker \(value)" }
}

/// The right to compute a shard, given to one worker.
public struct Lease: Sendable, Hashable {
  public let shard: ShardID
  /// Counts the times that the shard was handed out, from 1.
  public let attempt: Int

  public init(shard: ShardID, attempt: Int) {
    self.shard = shard
    self.attempt = attempt
  }
}

/// Who computes which shard: a state machine without clock, sockets, files or chance.
///
/// The shell around it feeds in what happened and carries out what comes back, in order. A shard is
/// pending, leased, done or set aside; it is never lost and never counted twice.
public struct Scheduler: Sendable {
  public enum Event: Sendable {
    case joined(WorkerID)
    /// The worker takes so many more shards.
    case ready(WorkerID, credit: Int)
    case done(WorkerID, Lease)
    case failed(WorkerID, Lease, reason: String)
    /// Anything was heard of the worker.
    case heard(WorkerID)
    /// The worker said goodbye, or its process is known to have ended.
    case left(WorkerID)
    case tick
  }

  public enum Action: Sendable, Equatable {
    case assign(Lease, to: WorkerID)
    /// The answer counts: record it. Comes once per shard.
    case accept(Lease, from: WorkerID)
    /// The answer to a lease that another worker was faster on, or that was taken back.
    case ignore(Lease, from: WorkerID)
    /// The worker was silent for too long: forget it.
    case drop(WorkerID)
    /// The worker answered what it was never asked: forget it and say so.
    case refuse(WorkerID, Lease)
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

    public init(
      silence: Duration = .seconds(10), attempts: Int = 3, straggling: Duration = .seconds(30)
    ) {
      self.silence = silence
      self.attempts = attempts
      self.straggling = straggling
    }
  }

  struct Worker: Sendable {
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
  private(set) var states: [State]
  private(set) var issued: [Int]
  private(set) var reasons: [ShardID: [String]] = [:]
  private(set) var workers: [WorkerID: Worker] = [:]
  /// Shards to hand out: those that came back first, then the rest of the plan in order.
  private var returned: [ShardID] = []
  private var nextFresh = 0
  private var finished = false

  public private(set) var doneCount: Int
  public private(set) var setAsideCount = 0

  /// - Parameters:
  ///   - shards: number of shards of the plan.
  ///   - done: shards that a former session of the run has finished.
  public init(shards: Int, done: Set<ShardID> = [], limits: Limits = Limits()) {
    self.limits = limits
    states = (0..<shards).map { done.contains(ShardID($0)) ? .done : .pending }
    issued = Array(repeating: 0, count: shards)
    doneCount = states.count { $0 == .done }
  }

  public var shardCount: Int { states.count }
  public var isFinished: Bool { doneCount + setAsideCount == states.count }
  public var workerCount: Int { workers.count }

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
    case .joined(let id):
      workers[id] = Worker(lastHeard: now)
    case .ready(let id, let credit):
      guard let worker = workers[id] else { break }
      // A worker never computes more than it has threads for; the cap only bounds a false one.
      workers[id]?.credit = min(worker.credit + min(max(credit, 0), 1024), 1024)
    case .done(let id, let lease):
      actions += answered(id, lease)
    case .failed(let id, let lease, let reason):
      guard release(lease, from: id) else { break }
      actions += giveBack(lease, reason: reason)
    case .heard:
      break
    case .left(let id):
      actions += forget(id, reason: "\(id) left or died while it computed the shard")
    case .tick:
      for id in workers.keys.sorted() {
        guard let worker = workers[id], now - worker.lastHeard > limits.silence else { continue }
        actions.append(.drop(id))
        actions += forget(id, reason: "\(id) fell silent while it computed the shard")
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

  private mutating func answered(_ id: WorkerID, _ lease: Lease) -> [Action] {
    guard workers[id] != nil else { return [] }
    let index = lease.shard.value
    guard states.indices.contains(index), (1...max(1, issued[index])).contains(lease.attempt),
      issued[index] > 0
    else { return [.refuse(id, lease)] }
    let held = release(lease, from: id)
    // A second answer to a lease, or a late one to a lease taken back, is worth as much as a first
    // one as long as the shard is open: the sums are the same bits.
    guard states[index] == .leased || states[index] == .pending, held || states[index] == .pending
    else { return [.ignore(lease, from: id)] }
    for other in workers.keys {
      for copy in workers[other]?.leases.keys.filter({ $0.shard == lease.shard }) ?? [] {
        workers[other]?.leases[copy] = nil
      }
    }
    states[index] = .done
    doneCount += 1
    return [.accept(lease, from: id)]
  }

  private mutating func release(_ lease: Lease, from id: WorkerID) -> Bool {
    workers[id]?.leases.removeValue(forKey: lease) != nil
  }

  private mutating func forget(_ id: WorkerID, reason: String) -> [Action] {
    guard let worker = workers.removeValue(forKey: id) else { return [] }
    return worker.leases.keys.sorted { $0.shard < $1.shard }.flatMap { giveBack($0, reason: reason) }
  }

  private mutating func giveBack(_ lease: Lease, reason: String) -> [Action] {
    let shard = lease.shard
    guard states[shard.value] == .leased else { return [] }
    reasons[shard, default: []].append("attempt \(lease.attempt): \(reason)")
    // Another worker may still be at it.
    if workers.values.contains(where: { $0.leases.keys.contains { $0.shard == shard } }) { return [] }
    if let reasons = reasons[shard], reasons.count >= limits.attempts {
      states[shard.value] = .setAside
      setAsideCount += 1
      return [.setAside(shard, reasons: reasons)]
    }
    states[shard.value] = .pending
    returned.append(shard)
    return []
  }

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
    guard let first = waiting.first?.key else { return nil }
    if let shard = nextShard() { return (first, shard) }
    let stragglers = stragglers(at: now)
    for (id, _) in waiting {
      if let other = stragglers.first(where: { $0.holder != id }) { return (id, other.shard) }
    }
    return nil
  }

  /// The order in which workers are served: the one with the fewest leases first, then by number.
  private static func isBusier(
    _ a: Dictionary<WorkerID, Worker>.Element, _ b: Dictionary<WorkerID, Worker>.Element
  ) -> Bool {
    (a.value.leases.count, a.key) > (b.value.leases.count, b.key)
  }

  private mutating func nextShard() -> ShardID? {
    while let shard = returned.first {
      returned.removeFirst()
      if states[shard.value] == .pending { return shard }
    }
    while nextFresh < states.count {
      defer { nextFresh += 1 }
      if states[nextFresh] == .pending { return ShardID(nextFresh) }
    }
    return nil
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
    let waiting = Set(returned)
    for (index, state) in states.enumerated() {
      let shard = ShardID(index)
      switch state {
      case .leased where !held.contains(shard): return "shard \(index) is leased to nobody"
      case .pending where index < nextFresh && !waiting.contains(shard): return "shard \(index) is lost"
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
    case .joined(let id), .ready(let id, _), .done(let id, _), .failed(let id, _, _), .heard(let id): id
    case .left, .tick: nil
    }
  }
}
