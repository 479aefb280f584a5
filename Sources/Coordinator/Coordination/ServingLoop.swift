internal import Core
internal import Import
internal import Journal
internal import Logging
internal import Planning
internal import Scheduling
internal import Transport
internal import Watching
internal import Wire

/// The serving thread: one thread owns the socket; decisions are the scheduler's, this shell carries
/// them out.
final class ServingLoop {
  let endpoint: String
  private let mailbox: Mailbox<ServingEvent>
  private let logger: Logger
  private let largestAnswer: Int
  private let socket: Socket
  private var door: Door
  private var local: LocalWorkers?
  private let privateEndpoint: PrivateEndpoint?
  private var clock = RunningClock()
  private var scheduler: Scheduler
  private var peers = Peers()
  private var jobs: [ServedJob] = []
  /// Which runs each worker was told of.
  private var opened: [WorkerID: Set<JobID>] = [:]
  private var observer: Observer
  private var progress = Progress()
  private var nextLook = Duration.zero
  private var nextTick = Duration.zero
  private var nextRecord = Duration.zero
  /// The answer that the scheduler is being asked about.
  private var answer: Journal.Entry?
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
    scheduler = Scheduler(limits: .init(silence: options.silence), verified: options.verified)
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
    door = Door(gatekeeper, list: list, try socket.monitor(), logger)
    switch listening {
    case .endpoint(let text, _):
      privateEndpoint = nil
      endpoint = try socket.bind(text)
      observer = Observer(endpoint: endpoint, directory: directory, board: board)
    case .local(let options):
      let own = try PrivateEndpoint()
      privateEndpoint = own
      endpoint = try socket.bind(own.text)
      observer = Observer(endpoint: nil, directory: directory, board: board)
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
      while room > 0, let message = socket.receive(frameLimit: 3) {
        room -= 1
        receive(message)
      }
      for event in mailbox.takeAll() { if take(event) { isEnding = true } }
      look()
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
    let id = scheduler.add(shards: work.plan.shards.count, done: work.done, groups: groups)
    let job = ServedJob(work, id: id, first: scheduler.first(of: id), promise: promise)
    jobs.append(job)
    if let collapse { return end(job, .failure(collapse)) }
    if let stopSignal { return end(job, .success(.stopped(signal: stopSignal))) }
    guard largest <= largestAnswer else {
      return end(
        job,
        .failure(
          .usage(
            "a shard of '\(work.name.printable)' has sums of \(ByteCount(bytes: largest)), the pool takes \(ByteCount(bytes: largestAnswer))",
            advice: "recover this collection by itself, with modeltree coordinate")))
    }
    progress.add(bytes: job.bytes - job.bytesDone)
    apply(.tick)
  }

  private func end(_ job: ServedJob, _ result: Result<ShardWork.Outcome, Failure>) {
    scheduler.abandon(job.id)
    job.state = if case .success(.finished) = result { .solving } else { .stopped }
    close(job)
    // What came in is kept, also where the run ends early.
    try? job.record()
    job.end(result)
  }

  /// Nothing can be computed any more, for anybody.
  private func fail(_ failure: Failure) {
    collapse = failure
    for job in jobs where !job.hasEnded { end(job, .failure(failure)) }
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
    if let peer = peers.all.first(where: { $0.hello.process == process }) {
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
  private func look() {
    guard clock.now >= nextLook else { return }
    nextLook = clock.now + Self.lookInterval
    door.readList()
    for peer in peers.all {
      if !door.isOpen(to: peer.key) {
        expel(peer.identity, "its key was revoked")
      } else if !socket.send([peer.identity, CoordinatorMessage.alive.encoded()]) {
        logger.warning("a worker's connection is gone", metadata: ["worker.id": "\(peer.label)"])
        forget(peer.id, .died(peer.id))
      }
    }
    for job in jobs where !job.hasEnded {
      guard let shard = scheduler.unreachableShard(of: job.id) else { continue }
      progress.wait(for: "no worker sees the files of shard \(job.describe(shard))", logger)
    }
    observe()
  }

  private func observe(isLast: Bool = false) {
    observer.observe(jobs, scheduler, peers, door, at: clock.now, isLast: isLast)
  }

  /// Throws a peer out for good: one line in the log, and nothing that it says counts any more.
  private func expel(_ identity: Peers.Identity, _ reason: String) {
    let peer = peers[identity]
    peers.ban(identity, at: clock.now)
    door.tell(
      "threw a peer out",
      ["worker.id": "\(peer?.label ?? "stranger")", "reason": "\(reason.printable)"], at: clock.now)
    socket.send([identity, CoordinatorMessage.reject(reason: reason).encoded()])
    if let peer { forget(peer.id, .left(peer.id)) }
  }

  private func forget(_ id: WorkerID, _ event: Scheduler.Event) {
    peers.remove(id)
    opened[id] = nil
    observer.forget(id)
    apply(event)
  }

  // MARK: Messages

  private func receive(_ message: Socket.Message) {
    let frames = message.frames
    let identity = frames[0]
    guard !peers.isBanned(identity) else { return }
    guard peers.hears(identity, at: clock.now) else {
      return expel(identity, "it floods the coordinator with messages")
    }
    guard door.isOpen(to: message.key) else { return expel(identity, "its key was revoked") }
    guard frames.count == 2 || frames.count == 3 else {
      return expel(identity, "it sent a message of \(frames.count - 1) frames")
    }
    let report: WorkerMessage
    do {
      report = try WorkerMessage(decoding: frames[1])
    } catch {
      return expel(identity, "it sent \(error)")
    }
    switch report {
    case .hello(let hello): return welcome(hello, identity, message.key)
    case .ask:
      let json = observer.json(jobs, scheduler, peers, door, at: clock.now)
      socket.send([identity, CoordinatorMessage.status(json).encoded()])
      return
    default: break
    }
    guard let peer = peers[identity] else {
      // A worker that was given up or that an earlier coordinator knew, unless it just leaves.
      if report != .goodbye, peers.mayAsk(identity, at: clock.now) {
        socket.send([identity, CoordinatorMessage.whoAreYou.encoded()])
      }
      return
    }
    receive(report, frames, from: peer)
  }

  private func receive(_ report: WorkerMessage, _ frames: [[UInt8]], from peer: Peers.Peer) {
    switch report {
    case .hello, .ask: break
    case .ready(let credit): apply(.ready(peer.id, credit: credit))
    case .done(let receipt): done(receipt, frames, peer)
    case .failed(let failure): failed(failure, peer)
    case .heartbeat(let beat):
      observer.heard(beat, from: peer.id, at: clock.now)
      apply(.heard(peer.id))
    case .goodbye: forget(peer.id, .left(peer.id))
    }
  }

  private func welcome(_ hello: WorkerMessage.Hello, _ identity: Peers.Identity, _ key: PublicKey?) {
    let refusal: String? =
      if hello.protocolVersion != WireProtocol.version {
        "it speaks protocol \(hello.protocolVersion), the coordinator \(WireProtocol.version); install the same version on both"
      } else if hello.software != Version.software {
        "it is modeltree-worker \(hello.software), the coordinator \(Version.software); install the same version on both"
      } else if peers.count >= Peers.most {
        "\(Peers.most) workers are connected already"
      } else {
        nil
      }
    if let refusal {
      door.tell(
        "refused a worker",
        ["worker.id": "\(hello.host.printable)", "reason": "\(refusal.printable)"], at: clock.now)
      socket.send([identity, CoordinatorMessage.reject(reason: refusal).encoded()])
      return
    }
    if let former = peers[identity] { forget(former.id, .left(former.id)) }
    let peer = peers.add(hello, identity: identity, key: key)
    logger.info(
      "a worker joined",
      metadata: [
        "worker.id": "\(peer.label)", "threads": "\(hello.threads)",
        "memory": "\(ByteCount(bytes: hello.memoryBytes))", "kernels": "\(hello.instructionSet.printable)",
        "key": "\(door.name(of: key)?.printable ?? "none")",
      ])
    apply(.joined(peer.id, origin: peer.label, slots: hello.threads))
    socket.send([identity, CoordinatorMessage.welcome.encoded()])
  }

  /// The run that a worker speaks of; nil when it has ended, or is one of an earlier session.
  private func job(_ run: String) -> ServedJob? { jobs.first { $0.run == run && !$0.hasEnded } }

  private func lease(_ shard: ShardID, _ attempt: Int, of job: ServedJob) -> Lease {
    Lease(shard: ShardID(job.first + shard.value), attempt: attempt)
  }

  private func done(_ receipt: WorkerMessage.Receipt, _ frames: [[UInt8]], _ peer: Peers.Peer) {
    guard let job = job(receipt.run) else { return }
    let shards = job.work.plan.shards
    guard shards.indices.contains(receipt.shard.value), frames.count == 3 else {
      return expel(peer.identity, "it answered for shard \(receipt.shard) without its sums")
    }
    if let reason = job.fault(in: frames[2], shards[receipt.shard.value]) {
      return expel(peer.identity, "its answer for shard \(receipt.shard) is \(reason)")
    }
    answer = Journal.Entry(
      shard: receipt.shard, attempt: receipt.attempt, worker: peer.label, seconds: receipt.seconds,
      bytesRead: receipt.bytesRead, partial: frames[2])
    peers.values(peer.identity)
    observer.answered(peer.id)
    apply(
      .done(
        peer.id, lease(receipt.shard, receipt.attempt, of: job), digest: Fingerprint(of: frames[2]).value))
    answer = nil
  }

  private func failed(_ failure: WorkerMessage.ShardFailure, _ peer: Peers.Peer) {
    guard let job = job(failure.run), job.work.plan.shards.indices.contains(failure.shard.value) else { return }
    let lease = lease(failure.shard, failure.attempt, of: job)
    observer.failed(peer.label, job.work.name, failure.shard, failure.message)
    // What is gone here too is gone for everybody.
    if let file = failure.missing, job.isSound(file) {
      if observer.misses(peer.hello.host, file) {
        logger.warning(
          "a host does not see a file",
          metadata: [
            "worker.id": "\(peer.label)", "file": "\(file.printable)", "reason": "\(failure.message.printable)",
          ])
      }
      let groups = job.tensors(in: file).union([job.shard(lease.shard).tensor])
      return apply(.outOfReach(peer.id, lease, groups: groups))
    }
    logger.warning(
      "a shard failed",
      metadata: [
        "worker.id": "\(peer.label)", "shard.id": "\(failure.shard)", "reason": "\(failure.message.printable)",
      ])
    apply(.failed(peer.id, lease, reason: "\(peer.label): \(failure.message)"))
  }

  // MARK: Actions

  private func apply(_ event: Scheduler.Event) {
    for action in scheduler.handle(event, at: clock.now) {
      switch action {
      case .assign(let lease, let id):
        assign(lease, to: id)
      case .revoke(let lease, let id):
        guard let peer = peers[id] else { continue }
        let job = owner(of: lease.shard)
        let message = CoordinatorMessage.revoke(
          run: job.run, shard: job.shard(lease.shard).id, attempt: lease.attempt)
        socket.send([peer.identity, message.encoded()])
      case .accept(let lease, _):
        observer.accepted(answer?.bytesRead ?? 0)
        owner(of: lease.shard).accept(lease, answer)
      case .hold(let lease, _):
        owner(of: lease.shard).hold(lease, answer)
      case .ignore(let lease, let id):
        logger.info("a second answer", metadata: ["shard.id": "\(lease.shard)", "worker": "\(id)"])
      case .drop(let id):
        let label = peers[id]?.label ?? "\(id)"
        logger.warning("a worker fell silent", metadata: ["worker.id": "\(label)"])
        observer.failed(label, nil, nil, "fell silent")
        peers.remove(id)
        opened[id] = nil
        observer.forget(id)
      case .refuse(let id, let lease):
        guard let peer = peers[id] else { continue }
        expel(peer.identity, "it answered for shard \(lease.shard), which it was never given")
      case .dispute(let shard, let dissenters):
        logger.error("workers disagree", metadata: ["shard.id": "\(shard)", "workers": "\(dissenters)"])
        owner(of: shard).dispute(shard, dissenters)
      case .setAside(let shard, let reasons):
        logger.error("a shard is set aside", metadata: ["shard.id": "\(shard)"])
        owner(of: shard).setAside(shard, reasons)
      case .finish(let id):
        jobs[id.value].isComplete = true
      }
    }
  }

  private func owner(of shard: ShardID) -> ServedJob { jobs[scheduler.job(of: shard).value] }

  private func assign(_ lease: Lease, to id: WorkerID) {
    guard let peer = peers[id] else { return apply(.left(id)) }
    let job = owner(of: lease.shard)
    var isSent = true
    if opened[id, default: []].insert(job.id).inserted {
      let run = CoordinatorMessage.Run(run: job.run, stores: job.work.plan.models.map(\.store))
      isSent = socket.send([peer.identity, CoordinatorMessage.open(run).encoded()])
    }
    guard isSent, socket.send([peer.identity, CoordinatorMessage.assign(job.assignment(lease)).encoded()])
    else { return forget(id, .left(id)) }
  }
}
