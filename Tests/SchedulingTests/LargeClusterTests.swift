import Core
import Scheduling
import TestSeed
import Testing

/// A cluster of a thousand workers in virtual time: of different speed, with deaths, preemptions and
/// newcomers, hosts that do not see all files, and three runs in the pool.
private struct VirtualCluster {
  struct Node {
    /// Shards per second.
    var speed: Double
    var isAlive = true
    /// Leases in the order in which it will compute them.
    var queue: [Lease] = []
    var isComputing = false
    /// Jobs whose files it does not see.
    var blind: Set<Int> = []
    /// Work that it did, in shards.
    var done = 0
  }

  enum Happening {
    case join, computed(Lease), beat, leave, die, tick
  }

  var scheduler = Scheduler()
  var random: Seeded
  var nodes: [WorkerID: Node] = [:]
  /// Ordered by time, then by number.
  var agenda = Agenda()
  var now = 0.0
  var nextWorker = 0
  var accepted: [ShardID: Int] = [:]
  var setAside = 0
  var finished: [Int: Double] = [:]
  var computations = 0
  var events = 0
  var mostHeld = 0
  let jobs: [Int]

  struct Agenda {
    private var heap: [(time: Double, number: Int, worker: WorkerID, what: Happening)] = []
    private var number = 0

    mutating func add(_ time: Double, _ worker: WorkerID, _ what: Happening) {
      number += 1
      heap.append((time, number, worker, what))
      var child = heap.count - 1
      while child > 0, before(child, (child - 1) / 2) {
        heap.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }

    mutating func next() -> (time: Double, worker: WorkerID, what: Happening)? {
      guard let first = heap.first else { return nil }
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && before(child, least) {
          least = child
        }
        guard least != parent else { break }
        heap.swapAt(parent, least)
        parent = least
      }
      return (first.time, first.worker, first.what)
    }

    private func before(_ a: Int, _ b: Int) -> Bool {
      (heap[a].time, heap[a].number) < (heap[b].time, heap[b].number)
    }
  }

  init(workers: Int, jobs: [Int], seed: UInt64) {
    random = Seeded(seed)
    self.jobs = jobs
    for count in jobs { scheduler.add(shards: count, groups: (0..<count).map { $0 / 10 }) }
    for _ in 0..<workers { newcomer(at: Double.random(in: 0...20, using: &random)) }
    agenda.add(0, WorkerID(-1), .tick)
  }

  mutating func newcomer(at time: Double) {
    let id = WorkerID(nextWorker)
    nextWorker += 1
    // From a tenth to ten times of the middle speed of one shard in five seconds.
    var node = Node(speed: 0.2 * Double.random(in: 0.3...3, using: &random))
    if Int.random(in: 0..<20, using: &random) == 0 { node.blind = [0] }
    nodes[id] = node
    agenda.add(time, id, .join)
    switch Int.random(in: 0..<20, using: &random) {
    case 0: agenda.add(time + Double.random(in: 1...90, using: &random), id, .die)
    case 1: agenda.add(time + Double.random(in: 1...90, using: &random), id, .leave)
    default: break
    }
  }

  mutating func send(_ event: Scheduler.Event) {
    events += 1
    for action in scheduler.handle(event, at: .seconds(now)) {
      switch action {
      case .assign(let lease, let id):
        nodes[id]?.queue.append(lease)
        mostHeld = max(mostHeld, nodes[id]?.queue.count ?? 0)
        compute(id)
      case .accept(let lease, _): accepted[lease.shard, default: 0] += 1
      case .setAside: setAside += 1
      case .finish(let job): finished[job.value] = now
      case .hold, .ignore, .drop, .refuse, .dispute: break
      }
    }
  }

  mutating func compute(_ id: WorkerID) {
    guard let node = nodes[id], node.isAlive, !node.isComputing, let lease = node.queue.first else { return }
    nodes[id]?.isComputing = true
    let work = Double.random(in: 0.5...1.5, using: &random)
    agenda.add(now + work / node.speed, id, .computed(lease))
  }

  mutating func step() -> Bool {
    guard finished.count < jobs.count, let (time, id, what) = agenda.next() else { return false }
    now = time
    if case .tick = what {
      send(.tick)
      agenda.add(now + 0.1, id, .tick)
      return true
    }
    guard let node = nodes[id], node.isAlive else { return true }
    switch what {
    case .join:
      send(.joined(id, origin: "node \(id.value)"))
      send(.ready(id, credit: 4))
      agenda.add(now + 1, id, .beat)
    case .beat:
      send(.heard(id))
      agenda.add(now + 1, id, .beat)
    case .computed(let lease):
      nodes[id]?.isComputing = false
      nodes[id]?.queue.removeAll { $0 == lease }
      let job = scheduler.job(of: lease.shard)
      if node.blind.contains(job.value) {
        send(.outOfReach(id, lease, groups: Set(0..<jobs[job.value])))
      } else {
        computations += 1
        nodes[id]?.done += 1
        send(.done(id, lease))
      }
      send(.ready(id, credit: 1))
      compute(id)
    case .leave:
      nodes[id]?.isAlive = false
      send(.left(id))
      newcomer(at: now + 30)
    case .die:
      // Nobody says so: it is silence that tells.
      nodes[id]?.isAlive = false
      newcomer(at: now + 60)
    case .tick: break
    }
    return true
  }
}

@Suite struct LargeClusterTests {
  @Test func aThousandWorkersFinishThreeRunsNearlyAsFastAsTheyCould() throws {
    let seeds = Seeded.fresh()
    let jobs = [4_000, 12_000, 24_000]
    var cluster = VirtualCluster(workers: 1_000, jobs: jobs, seed: seeds.seed)
    let start = ContinuousClock.now
    while cluster.step() {}
    let spent = ContinuousClock.now - start
    let total = jobs.reduce(0, +)
    let comment: Comment = "seed \(seeds.seed)"
    #expect(cluster.scheduler.violation() == nil, comment)
    #expect(cluster.setAside == 0, comment)
    #expect(cluster.accepted.count == total && cluster.accepted.values.allSatisfy { $0 == 1 }, comment)
    // What all of them could do: those who come late or go early for a part of the time.
    let speed = cluster.nodes.values.filter { $0.done > 0 || $0.isAlive }.reduce(0) { $0 + $1.speed }
    let ideal = Double(total) / speed
    // Twenty seconds pass until all have come; the slowest take 25 s for a shard, and 30 s until the
    // last ones are handed out twice.
    #expect(cluster.now < 1.1 * ideal + 20 + 30 + 25, comment)
    // Deaths, and what slow workers held at the end: little is computed twice.
    #expect(Double(cluster.computations) < 1.05 * Double(total), comment)
    #expect(cluster.mostHeld <= 5, comment)
    // The small run did not wait for the large ones.
    let ends = (0..<3).map { cluster.finished[$0] ?? .infinity }
    #expect(ends[0] < ends[1] && ends[1] < ends[2], comment)
    print(
      """
      1,000 workers in virtual time: \(total) shards in \(Int(cluster.now)) s (\(Int(ideal)) s if all worked all the \
      time), \(cluster.computations - total) computed twice, \(cluster.events) events at \
      \((spent / .microseconds(1) / Double(cluster.events)).rounded()) us each, simulation included
      """)
  }
}
