import Core
import Scheduling
import System
import TestSeed
import Testing

/// What the shell and the workers around a scheduler do, by chance, with a record of its promises.
private struct World {
  var scheduler: Scheduler
  var random: Seeded
  let tasks: Int
  /// Number of tasks of each job; they are numbered through.
  let jobs: [Int]
  /// How the shards of each job can be shared.
  let sharing: [Sharing]
  let attempts: Int
  let verified: Double
  let formerlyDone: Set<TaskID>
  var now: Duration = .zero
  var nextWorker = 0
  /// Leases that each living worker was given and did not answer yet.
  var held: [WorkerID: [Lease]] = [:]
  var credit: [WorkerID: Int] = [:]
  /// Everything that was ever handed out.
  var issued: [(WorkerID, Lease)] = []
  /// Who answers for each worker that is not the coordinator's own.
  var parties: [WorkerID: Party] = [:]
  /// The process behind each worker that ever joined; some come back.
  var origins: [WorkerID: String] = [:]
  /// Who answered what, for tasks that need two opinions.
  var answers: [TaskID: [(origin: String, digest: SHA256.Digest)]] = [:]
  var accepted: Set<TaskID> = []
  /// Of shards of which parts were accepted; the sums are the pieces that went into them.
  var parts: [TaskID: FinishedParts<[Int]>] = [:]
  var setAside: Set<TaskID> = []
  var finishedJobs: Set<JobID> = []
  /// Parts of shards that were accepted in all.
  var acceptedParts = 0
  /// Shards and parts of shards whose answers were accepted.
  var acceptedTasks: Set<TaskID> = []
  /// The pieces of each shard that were accepted.
  var answered: [TaskID: Set<Int>] = [:]
  /// Tasks that a worker said it cannot reach, with the rest of their group.
  var barred: [WorkerID: Set<Int>] = [:]
  var complaint: String?

  /// Tasks of a job that need the same files.
  static let groupSize = 3

  var finished: Bool { finishedJobs.count == jobs.count }

  init(_ seed: UInt64) {
    var random = Seeded(seed)
    var jobs: [Int] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) { jobs.append(Int.random(in: 0...12, using: &random)) }
    self.jobs = jobs
    let count = jobs.reduce(0, +)
    tasks = count
    attempts = Int.random(in: 1...4, using: &random)
    sharing = jobs.map { count in
      guard Bool.random(using: &random) else { return Sharing() }
      let shards = (0..<count).map { _ in
        Sharing.Shard(
          pieces: [1, 2, 4, 8, 16].randomElement(using: &random) ?? 1, sumBytes: 1,
          sharedBytes: Int.random(in: 0...1, using: &random))
      }
      return Sharing(shards: shards, mostBytes: Int.random(in: 0...30, using: &random))
    }
    var done: Set<TaskID> = []
    for task in 0..<count where Int.random(in: 0..<5, using: &random) == 0 { done.insert(TaskID(task)) }
    formerlyDone = done
    verified = [0, 0, 0.3, 1].randomElement(using: &random) ?? 0
    scheduler = Self.scheduler(jobs, sharing, done, attempts, verified)
    self.random = random
  }

  static func scheduler(
    _ jobs: [Int], _ sharing: [Sharing], _ done: Set<TaskID>, _ attempts: Int, _ verified: Double
  ) -> Scheduler {
    var scheduler = Scheduler(
      limits: .init(silence: .seconds(10), attempts: attempts, straggling: .seconds(30), held: 3),
      verified: verified)
    var first = 0
    for (count, sharing) in zip(jobs, sharing) {
      let own = done.filter { (first..<first + count).contains($0.value) }.map { ShardID($0.value - first) }
      scheduler.add(shards: count, done: Set(own), groups: (0..<count).map { $0 / groupSize }, sharing: sharing)
      first += count
    }
    return scheduler
  }

  /// The tasks of the same job that need the same files.
  func group(of task: TaskID) -> Set<Int> {
    let first = jobs[..<scheduler.job(of: task).value].reduce(0, +)
    let group = (scheduler.root(of: task).value - first) / Self.groupSize
    let end = first + jobs[scheduler.job(of: task).value]
    return Set(first + group * Self.groupSize..<min(end, first + (group + 1) * Self.groupSize))
  }

  mutating func complain(_ text: String) { complaint = complaint ?? text }

  mutating func send(_ event: Scheduler.Event) {
    let actions = scheduler.handle(event, at: now)
    if let violation = scheduler.violation() { complain("\(violation), after \(event)") }
    for action in actions { perform(action, event) }
    let open = tasks - formerlyDone.count - accepted.count - setAside.count
    if scheduler.doneCount != formerlyDone.count + accepted.count { complain("wrong count of done") }
    if scheduler.setAsideCount != setAside.count { complain("wrong count of set aside") }
    if scheduler.isFinished != (open == 0) { complain("isFinished with \(open) open") }
    if finished != (open == 0) { complain("finish with \(open) open") }
    for job in finishedJobs where scheduler.states(of: job).contains(where: { $0 == .pending || $0 == .leased }) {
      complain("\(job) finished too early")
    }
    if scheduler.workerCount != held.count { complain("\(scheduler.workerCount) workers") }
  }

  mutating func perform(_ action: Scheduler.Action, _ event: Scheduler.Event) {
    switch action {
    case .assign(let lease, let worker):
      if held[worker] == nil { complain("\(lease) for the unknown \(worker)") }
      if credit[worker, default: 0] < 1 { complain("\(lease) without credit") }
      if isClosed(lease.task) { complain("the closed \(lease) was handed out") }
      if issued.contains(where: { $0.1 == lease }) { complain("\(lease) was handed out twice") }
      if held[worker]?.contains(where: { overlap($0.task, lease.task) }) == true { complain("own copy of \(lease)") }
      if barred[worker]?.contains(scheduler.root(of: lease.task).value) == true {
        complain("\(lease) is out of reach of \(worker)")
      }
      credit[worker, default: 0] -= 1
      held[worker]?.append(lease)
      issued.append((worker, lease))
    case .revoke(let lease, let worker):
      guard held[worker]?.contains(lease) == true else { return complain("\(lease) revoked") }
      // Strangers lose all that they hold when they make no progress, lie, or show nothing but failures.
      if parties[worker] == nil, !isOvertaken(lease.task) {
        guard case .tick = event else { return complain("\(lease) revoked after \(event)") }
        if held[worker]?.count == 1 { complain("\(lease) taken from its only worker") }
      }
      // Where it has begun, its answer is one of those that come late.
      held[worker]?.removeAll { $0 == lease }
    case .accept(let lease, let worker):
      guard case .done(let answering, let answer, let digest) = event, answer.task == lease.task
      else { return complain("accept after \(event)") }
      if isClosed(lease.task) { complain("\(lease) was accepted twice") }
      if scheduler.isVerified(lease.task) {
        answers[lease.task, default: []].append((origins[answering] ?? "", digest))
        let agreeing = Set(answers[lease.task, default: []].filter { $0.digest == digest }.map(\.origin))
        if agreeing.count < 2 { complain("\(lease) was accepted on one opinion") }
      } else if (answering, answer) != (worker, lease) {
        complain("\(lease) was accepted after \(event)")
      }
      let place = scheduler.place(of: lease.task)
      let pieces = Array(place.part.first..<place.part.first + place.part.count)
      acceptedTasks.insert(lease.task)
      answered[place.root, default: []].formUnion(pieces)
      if !place.part.isWhole { acceptedParts += 1 }
      guard let whole = parts[place.root, default: FinishedParts()].add(pieces, of: place.part, join: { $0 += $1 })
      else { break }
      if whole != Array(0..<place.part.pieces) { complain("\(lease) made \(whole) whole") }
      accepted.insert(place.root)
    case .hold(let lease, let worker):
      guard case .done(worker, lease, let digest) = event else { return complain("hold after \(event)") }
      if !scheduler.isVerified(lease.task) { complain("\(lease) was held for nothing") }
      answers[lease.task, default: []].append((origins[worker] ?? "", digest))
    case .dispute(let task, let dissenters):
      if !acceptedTasks.contains(task) || dissenters.isEmpty { complain("dispute over \(task)") }
    case .ignore(let lease, let worker):
      guard case .done(worker, lease, _) = event else { return complain("ignore after \(event)") }
    case .refuse(let worker, let lease):
      if issued.contains(where: { $0.1 == lease }) { complain("\(lease) refused") }
      held[worker] = held[worker]  // the shell may drop it; here it goes on
    case .drop(let worker):
      if held.removeValue(forKey: worker) == nil { complain("\(worker) dropped twice") }
      credit[worker] = nil
    case .setAside(let task, let reasons):
      if isClosed(task) { complain("task \(task) set aside though closed") }
      let disputed = answers.contains { scheduler.root(of: $0.key) == task && $0.value.count > 1 }
      if reasons.count < attempts, !disputed {
        complain("task \(task) set aside after \(reasons)")
      }
      setAside.insert(task)
    case .finish(let job):
      if !finishedJobs.insert(job).inserted { complain("\(job) finished twice") }
    }
  }

  /// Is the shard closed that the task is part of?
  func isClosed(_ task: TaskID) -> Bool {
    let root = scheduler.root(of: task)
    return formerlyDone.contains(root) || accepted.contains(root) || setAside.contains(root)
  }

  /// Is there nothing left to compute of the task?
  func isOvertaken(_ task: TaskID) -> Bool {
    let (part, root) = (scheduler.part(of: task), scheduler.root(of: task))
    return isClosed(task)
      || (part.first..<part.first + part.count).allSatisfy { answered[root]?.contains($0) == true }
  }

  /// Is one of two tasks part of the other?
  func overlap(_ a: TaskID, _ b: TaskID) -> Bool {
    let (a, b) = (scheduler.place(of: a), scheduler.place(of: b))
    return a.root == b.root && (a.part.contains(b.part) || b.part.contains(a.part))
  }

  mutating func pick() -> WorkerID? { held.keys.sorted().randomElement(using: &random) }

  mutating func join(mayBeBack: Bool = true) {
    let id = WorkerID(nextWorker)
    nextWorker += 1
    held[id] = []
    // A process that was given up may be back under another number.
    let gone = origins.filter { held[$0.key] == nil }.values.sorted()
    let isBack = mayBeBack && Int.random(in: 0..<4, using: &random) == 0
    let back = isBack ? gone.randomElement(using: &random) : nil
    origins[id] = back ?? "process \(id.value)"
    let isStranger = mayBeBack && Bool.random(using: &random)
    let number = Int.random(in: 0..<3, using: &random)
    parties[id] = isStranger ? Party("key \(number)", isElsewhere: number > 0) : nil
    let slots = Int.random(in: 1...6, using: &random)
    send(.joined(id, origin: origins[id] ?? "", slots: isStranger ? slots : 1, party: parties[id]))
  }

  /// What a process says about a task: nearly always the truth.
  mutating func digest(_ id: WorkerID) -> SHA256.Digest {
    Int.random(in: 0..<12, using: &random) == 0 ? made(UInt64(id.value + 1)) : made(0)
  }

  mutating func lose(_ id: WorkerID, isDeath: Bool) {
    held[id] = nil
    credit[id] = nil
    send(isDeath ? .died(id) : .left(id))
  }

  mutating func ready(_ id: WorkerID) {
    let count = Int.random(in: 0...3, using: &random)
    credit[id, default: 0] += count
    send(.ready(id, credit: count))
  }

  mutating func answer(_ id: WorkerID, failure: Bool) {
    guard let index = held[id]?.indices.randomElement(using: &random),
      let lease = held[id]?.remove(at: index)
    else { return }
    send(failure ? .failed(id, lease, reason: "chance") : .done(id, lease, digest: digest(id)))
  }

  /// The worker's host does not have the task's files.
  mutating func miss(_ id: WorkerID) {
    guard let index = held[id]?.indices.randomElement(using: &random),
      let lease = held[id]?.remove(at: index)
    else { return }
    let first = jobs[..<scheduler.job(of: lease.task).value].reduce(0, +)
    barred[id, default: []].formUnion(group(of: lease.task))
    send(.outOfReach(id, lease, groups: [(scheduler.root(of: lease.task).value - first) / Self.groupSize]))
  }

  /// What the worker was given last does not reach it, and it is not known yet why.
  mutating func failToDeliver(_ id: WorkerID) {
    guard let lease = held[id]?.popLast() else { return }
    credit[id] = 0
    send(.undelivered(id, lease))
  }

  /// The coordinator dies and is started again: it knows what is accepted, and nobody.
  mutating func restart() {
    scheduler = Self.scheduler(jobs, sharing, formerlyDone.union(accepted), attempts, verified)
    // What was set aside gets another chance; first opinions are forgotten.
    (held, credit, issued, answers) = ([:], [:], [], [:])
    (setAside, finishedJobs, barred, parts) = ([], [], [:], [:])
    send(.tick)
  }

  mutating func step() {
    now += .milliseconds(Int.random(in: 0...2500, using: &random))
    let chance = Int.random(in: 0..<100, using: &random)
    guard let id = pick(), chance >= 6 else { return join() }
    switch chance {
    case ..<25: ready(id)
    case ..<50: answer(id, failure: false)
    case ..<56: answer(id, failure: true)
    case ..<58: miss(id)
    case ..<75: send(.heard(id))
    case ..<76: lose(id, isDeath: false)
    case ..<77: failToDeliver(id)
    case ..<80: lose(id, isDeath: true)
    case ..<85:
      // An answer once more, late, or by somebody who is long gone.
      guard let (worker, lease) = issued.randomElement(using: &random) else { return }
      held[worker]?.removeAll { $0 == lease }
      send(
        Bool.random(using: &random)
          ? .done(worker, lease) : .failed(worker, lease, reason: "again"))
    case ..<88:
      let task = TaskID(Int.random(in: -1...tasks, using: &random))
      let lease = Lease(task: task, attempt: Int.random(in: 1000...2000, using: &random))
      send(Bool.random(using: &random) ? .done(id, lease) : .failed(id, lease, reason: "bogus"))
    case ..<90: now += .seconds(Int.random(in: 5...40, using: &random))
    case ..<91: restart()
    default: send(.tick)
    }
  }

  /// Two good workers remain; all others fall silent.
  mutating func drain() {
    now += .seconds(11)
    send(.tick)
    join(mayBeBack: false)
    join(mayBeBack: false)
    for _ in 0..<(4 * ShardPart.mostPieces * tasks + 4) where !finished {
      now += .milliseconds(20)
      for id in held.keys.sorted().suffix(2) {
        credit[id, default: 0] += 2
        send(.ready(id, credit: 2))
        while let lease = held[id]?.first {
          held[id]?.removeFirst()
          send(.done(id, lease))
        }
      }
    }
  }
}

@Suite struct RandomScheduleTests {
  @Test func whateverHappensEveryTaskIsAcceptedOnceOrSetAside() {
    var seeds = Seeded.fresh()
    var acceptedInAll = 0
    var setAsideInAll = 0
    var partsInAll = 0
    for _ in 0..<600 {
      let seed = seeds.next()
      var world = World(seed)
      for _ in 0..<Int.random(in: 0...300, using: &world.random) where world.complaint == nil {
        world.step()
      }
      world.drain()
      #expect(world.complaint == nil, "schedule \(seed)")
      #expect(world.finished, "schedule \(seed)")
      let all = world.accepted.union(world.setAside).union(world.formerlyDone)
      #expect(all.count == world.tasks, "schedule \(seed)")
      acceptedInAll += world.accepted.count
      setAsideInAll += world.setAside.count
      partsInAll += world.acceptedParts
    }
    // Else the schedules were too tame to show anything.
    #expect(acceptedInAll > 1000)
    #expect(setAsideInAll > 100)
    #expect(partsInAll > 1000)
  }

  @Test func theSameEventsGiveTheSameActions() {
    for seed in UInt64(0)..<20 {
      var (a, b) = (World(seed), World(seed))
      for _ in 0..<200 {
        a.step()
        b.step()
      }
      #expect(a.issued.map(\.1) == b.issued.map(\.1))
      #expect(a.issued.map(\.0) == b.issued.map(\.0))
    }
  }
}
