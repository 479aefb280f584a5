internal import Checkpoints
internal import Core
internal import Journal
internal import Logging
internal import Monitoring
internal import Planning
internal import Scheduling
internal import System
internal import Transport
internal import Wire

/// The serving thread: one thread owns the socket; decisions are the scheduler's, this shell carries
/// them out.
final class ServingLoop {
  let endpoint: String
  private let mailbox: Mailbox<ServingEvent>
  let logger: Logger
  private let largestAnswer: Int
  let socket: Socket
  var door: AccessControl
  private var local: LocalWorkers?
  let privateEndpoint: PrivateEndpoint?
  var clock = RunningClock()
  var scheduler: Scheduler
  var peers = Peers()
  var jobs: [ServedJob] = []
  /// Jobs that an error ended before they had shards.
  var failedAtStart: [JobStatus] = []
  /// Which runs each worker was told of.
  var opened: [WorkerID: Set<JobID>] = [:]
  /// Workers that something could not be sent to, until it is known whether they said goodbye.
  var unreachable: Set<WorkerID> = []
  var observer: StatusAggregator
  private var progress = Progress()
  private var nextLook = Duration.zero
  private var nextTick = Duration.zero
  private var nextRecord = Duration.zero
  private var isClosing = false
  private var stopSignal: Int32?
  /// What ended the whole pool.
  private var collapse: Failure?

  /// How often connections are probed, the list of workers is looked at and the status is shown.
  private static let lookInterval = Duration.seconds(1)
  /// How often silence is looked for, at most.
  private static let tickInterval = Duration.milliseconds(50)
  /// How long answers wait for others at most, to be made durable together: the disk takes some
  /// milliseconds each time, in which workers with small shards would run dry.
  private static let recordInterval = Duration.milliseconds(20)

  init(
    _ listening: Listening, options: ServingOptions, largestAnswer: Int, directory: String?,
    mailbox: Mailbox<ServingEvent>, board: StatusBoard, logger: Logger
  ) throws(Failure) {
    FileLimit.raise()
    self.mailbox = mailbox
    self.logger = logger
    self.largestAnswer = max(largestAnswer, WireProtocol.largestReportBytes)
    scheduler = Scheduler(limits: options.limits, verified: options.verified ?? 0)
    let context = try Context()
    var gatekeeper: Gatekeeper?
    var security = Security.open
    var list: String?
    if case .endpoint(_, let keys?) = listening {
      gatekeeper = try Gatekeeper(in: context)
      security = .coordinator(keys)
      list = keys.folder.allowed
    }
    socket = try Socket(
      .router, in: context, largestFrame: self.largestAnswer + WireProtocol.envelopeBytes, security: security)
    door = AccessControl(gatekeeper, list: list, try socket.monitor(), logger)
    switch listening {
    case .endpoint(let text, _):
      privateEndpoint = nil
      endpoint = try socket.bind(text)
      observer = StatusAggregator(endpoint: endpoint, directory: directory, board: board)
    case .local(let options):
      let own = try PrivateEndpoint()
      privateEndpoint = own
      endpoint = try socket.bind(own.text)
      observer = StatusAggregator(endpoint: nil, directory: directory, board: board)
      local = try LocalWorkers(options, endpoint: own.text) { [mailbox] in
        mailbox.post(.workerEnded(process: $0))
      }
    }
  }

  /// Serves until it is told to end.
  func run() {
    var isEnding = false
    while !isEnding {
      let isWaiting = jobs.contains { $0.hasUnrecorded && !$0.hasEnded }
      door.wait(socket, or: mailbox, milliseconds: isWaiting ? 20 : 100)
      clock.advance()
      door.admit(at: clock.now)
      var room = 256
      var isDrained = false
      // Megabytes may come at once, and no commit is to grow beyond what the journal's log has room for.
      while room > 0, !jobs.contains(where: \.mustRecord), !isDrained {
        if let message = socket.receive(frameLimit: 3) {
          room -= 1
          receive(message)
        } else {
          isDrained = true
        }
      }
      for event in mailbox.takeAll() { if take(event) { isEnding = true } }
      look(isDrained: isDrained)
      if clock.now >= nextTick {
        nextTick = clock.now + Self.tickInterval
        apply(.tick)
      }
      settle()
    }
    progress.clear()
    local?.stop()
    observe(isLast: true)
    for job in jobs { job.end(.failure(Failure(.resumable, "the coordinator was ended"))) }
  }

  // MARK: Work

  /// - Returns: whether the loop is to end.
  private func take(_ event: ServingEvent) -> Bool {
    switch event {
    case .work(let work, let promise): begin(work, promise)
    case .signal(let number):
      stopSignal = number
      for job in jobs where !job.hasEnded {
        do throws(Failure) {
          try job.record()
          end(job, .success(.stopped(signal: number)))
        } catch {
          end(job, .failure(error))
        }
      }
    case .workerEnded(let process):
      do throws(Failure) {
        try replace(process)
      } catch {
        fail(error)
      }
    case .note(let run, let state):
      for job in jobs where job.work.run == run { job.state = state }
      observe()
    case .tree(let run, let tree):
      for job in jobs where job.work.run == run { job.tree = tree }
    case .failed(let name, let directory, let failure):
      // After a signal all jobs end, and none of them has failed.
      guard stopSignal == nil else { break }
      note(failure, of: name, in: directory)
    case .closing:
      isClosing = true
    case .end:
      return true
    }
    return false
  }

  private func begin(_ work: ShardWork, _ promise: Promise<ShardWork.Report>) {
    let largest = ServedJob.largestAnswer(work.plan)
    let groups = work.plan.shards.map(\.tensor)
    let id = scheduler.add(
      shards: work.plan.shards.count, done: work.done, groups: groups, sharing: ServedJob.sharing(work.plan))
    let job = ServedJob(work, scheduler.tasks(of: id), promise: promise)
    jobs.append(job)
    if let collapse { return end(job, .failure(collapse)) }
    if let stopSignal { return end(job, .success(.stopped(signal: stopSignal))) }
    guard largest <= largestAnswer else {
      return end(
        job,
        .failure(
          .usage(
            "a shard of '\(work.name.printable)' has sums of \(ByteCount(bytes: largest)), but the pool accepts at most \(ByteCount(bytes: largestAnswer))",
            advice: "recover this collection by itself, with modeltree coordinate")))
    }
    progress.add(bytes: job.bytes - job.bytesDone)
    apply(.tick)
  }

  private func end(_ job: ServedJob, _ result: Result<ShardWork.Outcome, Failure>) {
    scheduler.abandon(job.id)
    job.state = if case .success(.finished) = result { .solving } else { .stopped }
    close(job)
    job.end(result)
  }

  /// A run that an error ended stays in sight, also when it never had shards.
  private func note(_ failure: Failure, of name: String, in directory: String) {
    let text = String("\(failure.message) (\(failure.advice))".prefix(StatusAggregator.longestMessage))
    if let job = jobs.last(where: { $0.work.name == name }) {
      job.failure = text
      job.state = .stopped
    } else {
      failedAtStart.append(JobStatus(name: name, run: directory, failedAtStart: text))
    }
    observe()
  }

  /// Nothing can be computed any more, for anybody.
  private func fail(_ failure: Failure) {
    collapse = failure
    for job in jobs where !job.hasEnded {
      // What came in is kept; what is told is why the pool ended.
      try? job.record()
      end(job, .failure(failure))
    }
  }

  private func close(_ job: ServedJob) {
    for peer in peers.all where opened[peer.id]?.remove(job.id) != nil {
      socket.send([peer.identity, CoordinatorMessage.close(run: job.run).encoded()])
    }
  }

  /// What came in is made durable, some milliseconds' worth at a time; no run ends before all of it is.
  private func settle() {
    let isTime = clock.now >= nextRecord
    if isTime { nextRecord = clock.now + Self.recordInterval }
    for job in jobs where !job.hasEnded {
      do throws(Failure) {
        if isTime || job.mustRecord { try job.record() }
      } catch {
        end(job, .failure(error))
        continue
      }
      if job.isComplete { end(job, .success(job.outcome)) }
    }
    let open = jobs.filter { !$0.hasEnded }
    if open.isEmpty {
      progress.clear()
    } else {
      progress.update(
        done: open.reduce(0) { $0 + scheduler.doneCount(of: $1.id) },
        total: open.reduce(0) { $0 + $1.work.plan.shards.count }, bytes: observer.bytesAccepted,
        workers: scheduler.workerCount, jobs: jobs.count > 1 ? (jobs.count - open.count, jobs.count) : nil)
    }
    guard isClosing, open.isEmpty, stopSignal == nil else { return }
    local?.stop()
    for peer in peers.all { sendHome(peer) }
  }

  private func sendHome(_ peer: Peers.Peer) {
    socket.send([peer.identity, CoordinatorMessage.finished.encoded()])
    forget(peer.id, .left(peer.id))
  }

  private func replace(_ process: Int) throws(Failure) {
    if let peer = peers.all.first(where: { $0.hello.process.value == process }) {
      forget(peer.id, .died(peer.id))
    }
    guard let local, jobs.contains(where: { !$0.hasEnded }) || !isClosing else { return }
    logger.warning("a worker process ended", metadata: ["worker.process": "\(process)"])
    guard try !local.replace(process: process), local.count == 0 else { return }
    throw Failure(
      .resumable, "the worker processes end as soon as they are started",
      advice: "run.log has their last words; then run the same command again")
  }

  // MARK: Who is there

  /// Once a second: is everybody still there, and still welcome?
  ///
  /// - Parameter isDrained: whether all has been read that came in; who is unreachable may have said goodbye.
  private func look(isDrained: Bool) {
    guard clock.now >= nextLook || (isDrained && !unreachable.isEmpty) else { return }
    nextLook = clock.now + Self.lookInterval
    door.readList()
    for peer in peers.all {
      if !door.isOpen(to: peer.key) {
        expel(peer.identity, "its key was revoked")
        continue
      }
      if !socket.send([peer.identity, CoordinatorMessage.alive.encoded()]) { unreachable.insert(peer.id) }
      if isDrained, unreachable.contains(peer.id) { lose(peer) }
    }
    for job in jobs where !job.hasEnded {
      guard let task = scheduler.unreachableTask(of: job.id) else { continue }
      progress.wait(for: "no worker sees the files of shard \(job.describe(task))", logger)
    }
    observe()
  }

  private func observe(isLast: Bool = false) {
    observer.observe(jobs, failedAtStart, scheduler, peers, door, at: clock.now, isLast: isLast)
  }

  /// Throws a peer out for good: one line in the log, and nothing that it says counts any more.
  func expel(_ identity: Peers.Identity, _ reason: String) {
    let peer = peers[identity]
    peers.ban(identity, at: clock.now)
    door.tell(
      "threw a peer out",
      ["worker.id": "\(peer?.label ?? "stranger")", "reason": "\(reason.printable)"], at: clock.now)
    socket.send([identity, CoordinatorMessage.reject(reason: reason).encoded()])
    if let peer { forget(peer.id, .left(peer.id)) }
  }

  /// What is sent to it does not arrive any more.
  private func lose(_ peer: Peers.Peer) {
    logger.warning("a worker's connection is gone", metadata: ["worker.id": "\(peer.label)"])
    forget(peer.id, .died(peer.id))
  }

  func forget(_ id: WorkerID, _ event: Scheduler.Event) {
    remove(id)
    apply(event)
  }

  func remove(_ id: WorkerID) {
    peers.remove(id)
    opened[id] = nil
    unreachable.remove(id)
    observer.forget(id)
  }
}
