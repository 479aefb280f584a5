internal import Core
package import Scheduling
internal import System
internal import TestSeed

/// A cluster in virtual time around the real scheduler: workers of different speed, with deaths,
/// preemptions, newcomers, and hosts that do not see the files of one run.
package struct VirtualCluster {
  package struct Options: Sendable {
    package var workers: Int
    /// Tasks of each run.
    package var jobs: [Int]
    /// Seconds that the middle worker takes for a task.
    package var shardSeconds: Double
    /// All workers come within so many seconds.
    package var arrival: Double
    /// Share of the workers that die without a word, and of those that leave, in the first half hour.
    package var dying: Double
    package var leaving: Double
    /// Share of the workers that do not see the first run's files.
    package var blind: Double
    /// Workers that want more than they give, of each kind.
    package var selfish: [Conduct: Int]
    /// How the tasks of a run can be shared, and what they take of the time of the middle one, again and again from the
    /// first; empty: they stay whole, and are all the same.
    package var sharing: Sharing
    package var work: [Double]
    package var answers: Answers
    package var seed: UInt64

    package init(
      workers: Int, jobs: [Int], shardSeconds: Double = 5, arrival: Double = 20, dying: Double = 0.05,
      leaving: Double = 0.05, blind: Double = 0.05, selfish: [Conduct: Int] = [:],
      sharing: Sharing = Sharing(), work: [Double] = [], answers: Answers = Answers(), seed: UInt64
    ) {
      self.workers = workers
      self.jobs = jobs
      self.shardSeconds = shardSeconds
      self.arrival = arrival
      self.dying = dying
      self.leaving = leaving
      self.blind = blind
      self.selfish = selfish
      self.sharing = sharing
      self.work = work
      self.answers = answers
      self.seed = seed
    }
  }

  /// What answers cost, by default nothing.
  package struct Answers: Sendable {
    /// Bytes of the sums in every answer, and of what is shared between the answers to parts of a task.
    package var sumBytes: Int
    package var sharedBytes: Int
    /// Of the coordinator's link, which takes one answer after the other.
    package var bytesPerSecond: Double
    /// That the coordinator's thread is busy with an answer: looking at it, adding it to others.
    package var partSeconds: Double
    /// That it takes to make a whole task durable.
    package var taskSeconds: Double

    package init(
      sumBytes: Int = 0, sharedBytes: Int = 0, bytesPerSecond: Double = .infinity, partSeconds: Double = 0,
      taskSeconds: Double = 0
    ) {
      self.sumBytes = sumBytes
      self.sharedBytes = sharedBytes
      self.bytesPerSecond = bytesPerSecond
      self.partSeconds = partSeconds
      self.taskSeconds = taskSeconds
    }

    func bytes(_ part: ShardPart) -> Int { sumBytes + sharedBytes * part.count / part.pieces }
  }

  /// How a worker behaves.
  package enum Conduct: Sendable, CaseIterable {
    case honest
    /// Asks for a million tasks and computes none.
    case hoarder
    /// Answers at once, with something that nobody else finds.
    case liar
    /// Answers at once that it has failed.
    case failer
    /// Computes ten tasks and then none, without letting go of what it holds.
    case sleeper
    /// Joins under another name every half second, asks and leaves.
    case flapper
  }

  private struct Node {
    let conduct: Conduct
    /// Of the other workers of its kind, where it is not honest.
    let party: Party
    var computed = 0

    /// Tasks per second.
    let speed: Double
    let came: Double
    var went: Double?
    let isBlind: Bool
    /// Leases in the order in which it will compute them.
    var queue: [Lease] = []
    var isComputing = false

    var isAlive: Bool { went == nil }
  }

  /// Credit that a worker with one thread gives.
  package static let credit = 4

  private let options: Options
  package private(set) var scheduler: Scheduler
  private var random: Seeded
  private var nodes: [WorkerID: Node] = [:]
  private var agenda = Agenda()
  private var nextWorker = 0
  /// Virtual seconds since the start.
  package private(set) var now = 0.0
  package private(set) var accepted: [TaskID: Int] = [:]
  package private(set) var setAside = 0
  /// When each run was finished.
  package private(set) var finished: [Int: Double] = [:]
  /// Answers that were computed, the superfluous ones among them.
  package private(set) var computations = 0
  /// Events that the scheduler handled, and real time that it took for all of them.
  package private(set) var events = 0
  package private(set) var schedulingTime = Duration.zero
  package private(set) var mostHeld = 0
  /// Pieces that were computed.
  package private(set) var piecesComputed = 0
  /// Bytes that came to the coordinator.
  package private(set) var bytesReceived = 0
  /// Sums of parts of open tasks that it kept, at most, and their bytes.
  package private(set) var mostPartsKept = 0
  package private(set) var mostBytesKept = 0
  private var open: [TaskID: FinishedParts<Int>] = [:]
  private var bytesKept: [TaskID: Int] = [:]
  /// When the link and the serving thread are through with what came so far.
  private var linkFree = 0.0
  private var threadFree = 0.0
  /// Made-up answers that counted.
  package private(set) var lies = 0
  /// Called with every lease that is handed out, and with every one whose answer counts.
  package var onAssign: (Lease) -> Void = { _ in }
  package var onAccept: (Lease) -> Void = { _ in }

  /// - Parameter verified: share of the tasks that two workers must agree on.
  package init(_ options: Options, verified: Double = 0) {
    self.options = options
    scheduler = Scheduler(verified: verified)
    random = Seeded(options.seed)
    for count in options.jobs {
      scheduler.add(
        shards: count, groups: (0..<count).map { $0 / 10 },
        sharing: Self.repeated(options.sharing, count))
    }
    for _ in 0..<options.workers { add(at: Double.random(in: 0...options.arrival, using: &random)) }
    for conduct in Conduct.allCases {
      for _ in 0..<(options.selfish[conduct] ?? 0) { add(conduct, at: 0) }
    }
    agenda.add(0, WorkerID(-1), .tick)
  }

  private static func repeated(_ sharing: Sharing, _ count: Int) -> Sharing {
    guard !sharing.shards.isEmpty else { return sharing }
    return Sharing(
      shards: (0..<count).map { sharing.shards[$0 % sharing.shards.count] }, mostBytes: sharing.mostBytes)
  }

  /// Runs until every run is finished.
  ///
  /// - Parameter limit: virtual seconds after which it is given up.
  package mutating func run(limit: Double = .infinity) { while now < limit, step() {} }

  /// When the last task would have been finished if every worker had computed from the moment that it
  /// came to the moment that it went, each task once.
  package var ideal: Double {
    let total = options.jobs.reduce(0.0) { sum, count in (0..<count).reduce(sum) { $0 + work(of: $1) } }
    func done(by end: Double) -> Double {
      nodes.values.reduce(0) {
        $0 + ($1.conduct == .honest ? $1.speed : 0) * max(0, min($1.went ?? .infinity, end) - $1.came)
      }
    }
    var (low, high) = (0.0, now)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if done(by: middle) < total { low = middle } else { high = middle }
    }
    return high
  }

  /// Of a run's task with this number.
  private func work(of number: Int) -> Double {
    options.work.isEmpty ? 1 : options.work[number % options.work.count]
  }

  // MARK: Workers

  private mutating func add(at time: Double) {
    let id = WorkerID(nextWorker)
    nextWorker += 1
    let speed = Double.random(in: 0.3...3, using: &random) / options.shardSeconds
    let isBlind = Double.random(in: 0..<1, using: &random) < options.blind
    nodes[id] = Node(
      conduct: .honest, party: Party("node \(id.value)", isElsewhere: true), speed: speed, came: time, isBlind: isBlind)
    agenda.add(time, id, .join)
    let fate = Double.random(in: 0..<1, using: &random)
    let when = time + Double.random(in: 1...max(2, 18 * options.shardSeconds), using: &random)
    if fate < options.dying {
      agenda.add(when, id, .die)
    } else if fate < options.dying + options.leaving {
      agenda.add(when, id, .leave)
    }
  }

  /// One that is not honest; all of a kind have one key.
  private mutating func add(_ conduct: Conduct, at time: Double) {
    let id = WorkerID(nextWorker)
    nextWorker += 1
    nodes[id] = Node(
      conduct: conduct, party: Party("all of \(conduct)", isElsewhere: true), speed: 1 / options.shardSeconds,
      came: time, isBlind: false)
    agenda.add(time, id, .join)
    guard conduct == .flapper else { return }
    agenda.add(time + 0.5, id, .leave)
  }

  private mutating func compute(_ id: WorkerID) {
    guard let node = nodes[id], node.isAlive, !node.isComputing, let lease = node.queue.first else { return }
    switch node.conduct {
    case .hoarder, .flapper: return
    case .sleeper where node.computed >= 10: return
    case .liar, .failer:
      nodes[id]?.isComputing = true
      return agenda.add(now + 0.001, id, .computed(lease))
    default: break
    }
    nodes[id]?.isComputing = true
    let part = scheduler.part(of: lease.task)
    let number = scheduler.tasks(of: scheduler.job(of: lease.task)).shard(of: scheduler.root(of: lease.task)).value
    let share = work(of: number) * Double(part.count) / Double(part.pieces)
    agenda.add(now + share * Double.random(in: 0.5...1.5, using: &random) / node.speed, id, .computed(lease))
  }

  // MARK: Time

  private mutating func step() -> Bool {
    guard finished.count < options.jobs.count, let (time, id, what) = agenda.next() else { return false }
    now = time
    if case .tick = what {
      send(.tick)
      agenda.add(now + 0.1, id, .tick)
      return true
    }
    guard let node = nodes[id], node.isAlive else { return true }
    switch what {
    case .join:
      send(.joined(id, origin: "node \(id.value)", party: node.party))
      send(.ready(id, credit: node.conduct == .honest ? Self.credit : 1_000_000))
      agenda.add(now + 1, id, .beat)
    case .beat:
      send(.heard(id))
      agenda.add(now + 1, id, .beat)
    case .computed(let lease): send(lease, from: id, node)
    case .arrived(let lease): answer(lease, from: id, node)
    case .leave:
      nodes[id]?.went = now
      send(.left(id))
      if node.conduct == .flapper { add(.flapper, at: now) } else { add(at: now + 30) }
    case .die:
      // Nobody says so: it is silence that tells.
      nodes[id]?.went = now
      add(at: now + 60)
    case .tick: break
    }
    return true
  }

  /// The answer goes on its way while the next task is computed.
  private mutating func send(_ lease: Lease, from id: WorkerID, _ node: Node) {
    nodes[id]?.isComputing = false
    nodes[id]?.queue.removeAll { $0 == lease }
    nodes[id]?.computed += 1
    let bytes = options.answers.bytes(scheduler.part(of: lease.task))
    bytesReceived += bytes
    linkFree = max(now, linkFree) + Double(bytes) / options.answers.bytesPerSecond
    threadFree = max(linkFree, threadFree) + options.answers.partSeconds
    guard threadFree > now else { return answer(lease, from: id, node) }
    agenda.add(threadFree, id, .arrived(lease))
    compute(id)
  }

  /// The coordinator adds the sums of a part to those of its neighbors.
  private mutating func keep(_ lease: Lease) -> Bool {
    let root = scheduler.root(of: lease.task)
    let part = scheduler.part(of: lease.task)
    var parts = open[root] ?? FinishedParts()
    let whole = parts.add(options.answers.bytes(part), of: part) { $0 += $1 - options.answers.sumBytes }
    open[root] = whole == nil ? parts : nil
    bytesKept[root] = whole == nil ? parts.all.reduce(0, +) : nil
    if whole == nil {
      mostPartsKept = max(mostPartsKept, open.values.reduce(0) { $0 + $1.count })
      mostBytesKept = max(mostBytesKept, bytesKept.values.reduce(0, +))
    }
    return whole != nil
  }

  private mutating func answer(_ lease: Lease, from id: WorkerID, _ node: Node) {
    if node.conduct == .failer {
      send(.failed(id, lease, reason: "it says"))
    } else if node.conduct == .liar {
      send(.done(id, lease, digest: SHA256.Digest(words: SIMD4(UInt64(id.value), 1, 1, 1))))
    } else if node.isBlind, scheduler.job(of: lease.task).value == 0 {
      send(.outOfReach(id, lease, groups: Set(0...options.jobs[0] / 10)))
    } else {
      computations += 1
      piecesComputed += scheduler.part(of: lease.task).count
      send(.done(id, lease))
    }
    send(.ready(id, credit: 1))
    compute(id)
  }

  private mutating func send(_ event: Scheduler.Event) {
    events += 1
    let start = ContinuousClock.now
    let actions = scheduler.handle(event, at: .seconds(now))
    schedulingTime += ContinuousClock.now - start
    var returned: [WorkerID] = []
    for action in actions {
      switch action {
      case .assign(let lease, let id):
        nodes[id]?.queue.append(lease)
        if nodes[id]?.conduct == .honest { mostHeld = max(mostHeld, nodes[id]?.queue.count ?? 0) }
        onAssign(lease)
        compute(id)
      case .revoke(let lease, let id):
        // What is being computed is computed to its end.
        guard nodes[id]?.queue.first != lease || nodes[id]?.isComputing == false else { break }
        nodes[id]?.queue.removeAll { $0 == lease }
        returned.append(id)
      case .accept(let lease, let id):
        if nodes[id]?.conduct == .liar { lies += 1 }
        onAccept(lease)
        guard keep(lease) else { break }
        threadFree = max(now, threadFree) + options.answers.taskSeconds
        accepted[scheduler.root(of: lease.task), default: 0] += 1
      case .setAside: setAside += 1
      case .finish(let job): finished[job.value] = now
      case .hold, .ignore, .drop, .refuse, .dispute: break
      }
    }
    for id in returned where nodes[id]?.isAlive == true { send(.ready(id, credit: 1)) }
  }
}
