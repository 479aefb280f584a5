internal import Core
internal import Foundation
internal import Glibc
internal import Monitoring
internal import Planning
internal import Scheduling
internal import System
internal import Wire

/// Keeps what onlookers want to know and the serving itself does not need, and shows it: on the board,
/// and in `status.json` of every run at work and of the pool.
struct StatusAggregator {
  private struct Seen {
    var heard = Duration.zero
    var rate = RateMeter()
    var bytesRead: ByteTotal = 0
    var observed = ObservedBytes()
    var residentBytes: ByteTotal = 0
    var shardsDone = 0
    var slowest: [WorkerMessage.Heartbeat.Pace] = []
  }

  /// How fast a file could be read, by all workers together.
  private struct Pace {
    var bytes: ByteTotal = 0
    var seconds = 0.0

    mutating func add(_ pace: WorkerMessage.Heartbeat.Pace) {
      bytes += pace.bytes
      seconds += pace.seconds.value
    }
  }

  private let endpoint: String?
  private let directory: String?
  private let board: StatusBoard
  private let started = Date()
  private let host = ProcessInfo.processInfo.hostName
  private var seen: [WorkerID: Seen] = [:]
  private var failures: [PoolStatus.FailureNote] = []
  private var missing: [PoolStatus.MissingFile] = []
  private var history = ThroughputHistory()
  private var rate = RateMeter()
  /// Of workers that are here or were.
  private var bytesOfFormerWorkers: ByteTotal = 0
  private var paces: [String: Pace] = [:]
  /// What was last told to somebody who asked.
  private var told: (time: Duration, json: String)?
  /// Runs whose end has been written down.
  private var closed: Set<JobID> = []
  /// Weights read for accepted shards in this session, in bytes.
  var bytesAccepted: Int { accepted.value }
  private var accepted: ByteTotal = 0

  private static let failuresKept = 50
  private static let missingKept = 200
  /// Characters of a failure's message that are kept.
  static let longestMessage = 4000
  private static let slowestShown = 10
  /// Seconds; what is shown as left is never more, however slow a start is.
  private static let longestLeft = 1e12
  private static let silence = Duration.seconds(3)

  /// - Parameters:
  ///   - endpoint: nil with workers on this machine only.
  ///   - directory: of a batch.
  init(endpoint: String?, directory: String?, board: StatusBoard) {
    self.endpoint = endpoint
    self.directory = directory
    self.board = board
  }

  // MARK: What happens

  mutating func accepted(_ bytes: ByteTotal) { accepted += bytes }

  mutating func answered(_ id: WorkerID) { seen[id, default: Seen()].shardsDone += 1 }

  mutating func heard(_ beat: WorkerMessage.Heartbeat, from id: WorkerID, at now: Duration) {
    var known = seen[id] ?? Seen()
    known.heard = now
    known.rate.add(beat.bytesRead.value, at: now)
    known.bytesRead = beat.bytesRead
    known.observed.add(beat.bytesRead.value)
    known.residentBytes = beat.residentBytes
    known.slowest = Array(beat.slowest.prefix(8))
    seen[id] = known
  }

  mutating func forget(_ id: WorkerID) {
    guard let gone = seen.removeValue(forKey: id) else { return }
    bytesOfFormerWorkers += ByteTotal(clamping: gone.observed.value)
    for pace in gone.slowest { keep(pace) }
  }

  /// Of a worker that is gone.
  private mutating func keep(_ pace: WorkerMessage.Heartbeat.Pace) {
    guard paces[pace.file] != nil || paces.count < 200 else { return }
    paces[pace.file, default: Pace()].add(pace)
  }

  mutating func failed(_ worker: String, _ job: String?, _ shard: ShardID?, _ message: String) {
    failures.append(
      .init(
        time: Date(), worker: worker, job: job, shard: shard?.value,
        message: String(message.prefix(Self.longestMessage))))
    if failures.count > Self.failuresKept { failures.removeFirst() }
  }

  /// - Returns: whether it is news that the host does not see the file.
  mutating func misses(_ host: String, _ file: String) -> Bool {
    let note = PoolStatus.MissingFile(host: host, file: file)
    guard !missing.contains(note), missing.count < Self.missingKept else { return false }
    missing.append(note)
    return true
  }

  // MARK: What is shown

  /// Shows how things stand. Call it once a second.
  ///
  /// - Parameter failed: jobs that an error ended before they had shards.
  mutating func observe(
    _ jobs: [ServedJob], _ failed: [JobStatus], _ scheduler: Scheduler, _ peers: Peers, _ door: AccessControl,
    at now: Duration, isLast: Bool
  ) {
    let total = seen.values.reduce(bytesOfFormerWorkers) { $0 + ByteTotal(clamping: $1.observed.value) }.value
    rate.add(total, at: now)
    history.add(bytes: total, workers: peers.count, at: now)
    board.turned()
    guard !jobs.isEmpty || !failed.isEmpty else { return }
    let status = status(jobs, failed, scheduler, peers, door, at: now)
    board.post(status)
    if let directory { write(status, to: directory) }
    for (job, shown) in zip(jobs, status.jobs) where !closed.contains(job.id) || isLast {
      var own = status
      own.jobs = [shown]
      own.state = shown.state
      write(own, to: job.work.directory)
      // The run directory is another's soon.
      if shown.state == .finished || shown.state == .stopped { closed.insert(job.id) }
    }
  }

  /// For somebody who asks at the workers' endpoint. Made once a second, however many ask.
  mutating func json(
    _ jobs: [ServedJob], _ failed: [JobStatus], _ scheduler: Scheduler, _ peers: Peers, _ door: AccessControl,
    at now: Duration
  ) -> String {
    if let told, now - told.time < .seconds(1) { return told.json }
    let json = StatusJSON.encode(status(jobs, failed, scheduler, peers, door, at: now))
    told = (now, json)
    return json
  }

  private func write(_ status: PoolStatus, to directory: String) {
    // A help, not a result: a full disk shows where results are written.
    let path = "\(directory)/\(PoolStatus.fileName)"
    let temporary = AtomicFile.temporaryName(for: path)
    let isWritten = (try? Data(StatusJSON.encode(status).utf8).write(to: URL(fileURLWithPath: temporary))) != nil
    if !isWritten || rename(temporary, path) != 0 { unlink(temporary) }
  }

  private func status(
    _ jobs: [ServedJob], _ failed: [JobStatus], _ scheduler: Scheduler, _ peers: Peers, _ door: AccessControl,
    at now: Duration
  ) -> PoolStatus {
    let open = jobs.filter { !$0.hasEnded }
    let left = open.reduce(0) { $0 + $1.bytes - $1.bytesDone }
    let rate = rate.rate(at: now)
    let states = jobs.map(\.state) + failed.map(\.state)
    let order: [PoolStatus.State] = [.planning, .comparing, .solving, .stopped, .finished]
    return PoolStatus(
      software: Version.software, host: host, process: Int(ProcessInfo.processInfo.processIdentifier),
      endpoint: endpoint, started: started, updated: Date(),
      state: order.first { states.contains($0) } ?? .planning,
      jobs: jobs.map { Self.status(of: $0, scheduler) } + failed,
      workers: workers(jobs, scheduler, peers, door, at: now), bytesPerSecond: rate,
      secondsLeft: rate > 0 && !open.isEmpty ? min(Double(left) / rate, Self.longestLeft) : nil,
      history: history.points,
      failures: failures, missing: missing, slowestFiles: slowestFiles)
  }

  private var slowestFiles: [PoolStatus.FilePace] {
    var all = paces
    for pace in seen.values.flatMap(\.slowest) {
      all[pace.file, default: Pace()].add(pace)
    }
    let shown = all.map { PoolStatus.FilePace(file: $0.key, bytes: $0.value.bytes.value, seconds: $0.value.seconds) }
    return Array(
      shown.sorted { ($0.bytesPerSecond, $0.file) < ($1.bytesPerSecond, $1.file) }.prefix(Self.slowestShown))
  }

  private func workers(
    _ jobs: [ServedJob], _ scheduler: Scheduler, _ peers: Peers, _ door: AccessControl, at now: Duration
  ) -> [WorkerStatus] {
    var held: [WorkerID: [WorkerStatus.HeldShard]] = [:]
    for (id, lease, age) in scheduler.leases(at: now) {
      let job = jobs[scheduler.job(of: lease.task).value]
      let shard = job.shard(scheduler.root(of: lease.task))
      held[id, default: []].append(
        .init(
          job: job.work.name, shard: shard.id.value, tensor: job.tensor(of: shard).name,
          seconds: age / .seconds(1)))
    }
    return peers.all.map { peer in
      let known = seen[peer.id]
      let shards = (held[peer.id] ?? []).sorted { $0.seconds > $1.seconds }
      let heard = known.map { now - $0.heard } ?? .zero
      return WorkerStatus(
        name: peer.label, host: peer.hello.host, process: peer.hello.process.value, key: door.name(of: peer.key),
        state: heard > Self.silence ? .silent : shards.isEmpty ? .idle : .computing, shards: shards,
        shardsDone: known?.shardsDone ?? 0, bytesRead: known?.bytesRead.value ?? 0,
        bytesPerSecond: known?.rate.rate(at: now) ?? 0, residentBytes: known?.residentBytes.value ?? 0,
        memoryBytes: peer.hello.memoryBytes.value, threads: peer.hello.threads.value,
        secondsSinceHeard: heard / .seconds(1))
    }
  }

  private static func status(of job: ServedJob, _ scheduler: Scheduler) -> JobStatus {
    let states = scheduler.states(of: job.id)
    let (map, perCell) = ShardMap.text(states[...])
    return JobStatus(
      name: job.work.name, run: job.work.directory, state: job.state, models: job.work.plan.collectionCount,
      shards: states.count, shardsDone: states.count { $0 == .done },
      shardsLeased: states.count { $0 == .leased }, shardsSetAside: job.setAside.count, bytes: job.bytes,
      bytesDone: job.bytesDone, map: map, shardsPerCell: perCell, tree: job.tree, failure: job.failure)
  }
}
