public import Core
internal import Import
public import Journal
public import Logging
public import Planning
internal import Scheduling
internal import Storage
public import Transport
internal import Wire

/// The coordinator's loop: hands shards to workers until every one is finished and durable.
///
/// One thread owns the socket; decisions are the scheduler's, this shell carries them out.
public final class ShardServer {
  public enum Outcome: Sendable, Equatable {
    case finished
    /// Stopped by SIGINT or SIGTERM; what was recorded stays.
    case stopped(signal: Int32)
    /// Some shards failed too often; the others are recorded.
    case incomplete(reasons: [String])
  }

  private enum Event: Sendable {
    case signal(Int32)
    case workerEnded(process: Int)
  }

  private let plan: Plan
  private let run: String
  private let journal: Journal
  private let logger: Logger
  private let mailbox = Mailbox<Event>()
  private var clock = RunningClock()
  private var quiet: QuietLog
  /// Noise has a limit of its own, so that it does not hide what is told of keys and peers.
  private var noise: QuietLog
  private var scheduler: Scheduler
  private var peers = Peers()
  private var allowed: AllowedWorkers?
  private var nextLook = Duration.zero
  private var unrecorded: [Journal.Entry] = []
  /// The answer that the scheduler is being asked about.
  private var answer: Journal.Entry?
  /// First answers that wait for a second opinion.
  private var held: [ShardID: [Lease: Journal.Entry]] = [:]
  private var bytesDone = 0
  private var setAside: [String] = []
  private var progress: Progress
  private var stopSignal: Int32?

  /// Workers whose sums differ from what two others agree on, with the shard.
  public private(set) var disputes: [String] = []

  /// How often connections are probed and the list of workers is looked at.
  private static let lookInterval = Duration.seconds(1)

  /// - Parameters:
  ///   - run: fingerprint of the run; workers repeat it with every answer.
  ///   - done: shards that the journal has already.
  public init(
    plan: Plan, run: String, journal: Journal, done: Set<ShardID>,
    options: ServingOptions = ServingOptions(), logger: Logger
  ) {
    self.plan = plan
    // Another one for every session: answers that are older than a restart are no answers to it.
    self.run = "\(run)-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
    self.journal = journal
    self.logger = logger
    quiet = QuietLog(logger)
    noise = QuietLog(logger)
    scheduler = Scheduler(
      shards: plan.shards.count, done: done, limits: .init(silence: options.silence),
      verified: options.verified)
    let bytesLeft = plan.shards.filter { !done.contains($0.id) }.reduce(0) {
      $0 + $1.coordinates.count * plan.tensors[$1.tensor].bytesPerCoordinate
    }
    progress = Progress(total: plan.shards.count, done: done.count, totalBytes: bytesLeft)
  }

  /// Serves until every shard is done or set aside, or a signal comes.
  ///
  /// - Parameter onListening: told the endpoint once workers can connect.
  /// - Throws: `Failure` when the journal cannot be written or no worker can live.
  public func serve(
    _ listening: Listening, signals: StopSignals, onListening: (String) -> Void = { _ in }
  ) throws(Failure) -> Outcome {
    guard !scheduler.isFinished else { return .finished }
    FileLimit.raise()
    signals.handle { [mailbox] in mailbox.post(.signal($0)) }
    let context = try Context()
    var gatekeeper: Gatekeeper?
    var security = Security.open
    if case .endpoint(_, let keys?) = listening {
      gatekeeper = try Gatekeeper(in: context)
      security = .coordinator(keys)
      allowed = AllowedWorkers(path: keys.folder.allowed)
    }
    let socket = try Socket(.router, in: context, largestFrame: largestFrame, security: security)
    let monitor = try socket.monitor()
    var endpoint: PrivateEndpoint?
    var local: LocalWorkers?
    switch listening {
    case .endpoint(let text, _):
      onListening(try socket.bind(text))
    case .local(let options):
      let own = try PrivateEndpoint()
      endpoint = own
      onListening(try socket.bind(own.text))
      local = try LocalWorkers(options, endpoint: own.text) { [mailbox] in
        mailbox.post(.workerEnded(process: $0))
      }
    }
    defer {
      local?.stop()
      withExtendedLifetime(endpoint) {}
      progress.clear()
    }
    while !scheduler.isFinished, stopSignal == nil {
      try turn(socket, gatekeeper, monitor, local)
    }
    // Workers of a run that was stopped wait for the coordinator to come back.
    if let stopSignal { return .stopped(signal: stopSignal) }
    for peer in peers.all {
      socket.send([peer.identity, CoordinatorMessage.finished.encoded()])
    }
    return setAside.isEmpty ? .finished : .incomplete(reasons: setAside)
  }

  private var largestFrame: Int {
    let partial = plan.shards.map {
      let tensor = plan.tensors[$0.tensor]
      return PartialCodec.encodedBytes(
        models: tensor.copies.count, statistics: tensor.statistics, samples: plan.samples(of: $0).map(\.shape),
        sketch: tensor.sketch)
    }.max() ?? 0
    return max(partial, WireProtocol.largestReportBytes) + WireProtocol.envelopeBytes
  }

  /// One round: everything that waits is taken in, then made durable, then counted.
  private func turn(
    _ socket: Socket, _ gatekeeper: Gatekeeper?, _ monitor: SocketMonitor, _ local: LocalWorkers?
  ) throws(Failure) {
    socket.wait(or: mailbox, gatekeeper: gatekeeper, milliseconds: 100)
    clock.advance()
    admit(gatekeeper, monitor)
    var room = 256
    while room > 0, let message = socket.receive(frameLimit: 3) {
      room -= 1
      receive(message, socket)
    }
    for event in mailbox.takeAll() {
      switch event {
      case .signal(let number):
        stopSignal = number
      case .workerEnded(let process):
        try replace(process, socket, local)
      }
    }
    look(socket)
    apply(.tick, socket)
    try journal.record(unrecorded)
    unrecorded = []
    progress.update(
      done: scheduler.doneCount, bytes: bytesDone, workers: scheduler.workerCount)
  }

  private func replace(_ process: Int, _ socket: Socket, _ local: LocalWorkers?) throws(Failure) {
    if let peer = peers.all.first(where: { $0.hello.process == process }) {
      forget(peer.id, socket, .died(peer.id))
    }
    guard let local, !scheduler.isFinished else { return }
    logger.warning("a worker process ended", metadata: ["worker.process": "\(process)"])
    guard try !local.replace(process: process), local.count == 0 else { return }
    throw Failure(
      .resumable, "the worker processes end as soon as they are started",
      advice: "run.log has their last words; then run the same command again")
  }

  // MARK: Who is there

  private func admit(_ gatekeeper: Gatekeeper?, _ monitor: SocketMonitor) {
    for refusal in gatekeeper?.answer(isAllowed) ?? [] {
      quiet.warning(
        "refused a key that is not on the list",
        ["peer.address": "\(refusal.address.printable)", "peer.key": "\(refusal.key.printable)"],
        at: clock.now)
    }
    for event in monitor.events() where event == .handshakeFailed {
      noise.warning(
        "a connection ended before its greeting was complete: no worker, or one without a key", [:],
        at: clock.now)
    }
  }

  private func isAllowed(_ key: PublicKey) -> Bool {
    // It may have been added a moment ago.
    if allowed?.name(of: key) == nil { readList() }
    return allowed?.name(of: key) != nil
  }

  private func readList() {
    guard allowed?.refresh() == true else { return }
    logger.info("the list of workers changed", metadata: ["workers.allowed": "\(allowed?.count ?? 0)"])
    if let problem = allowed?.problem {
      logger.error("nobody is let in", metadata: ["reason": "\(problem.printable)"])
    }
  }

  /// Once a second: is everybody still there, and still welcome?
  private func look(_ socket: Socket) {
    guard clock.now >= nextLook else { return }
    nextLook = clock.now + Self.lookInterval
    readList()
    for peer in peers.all {
      if let allowed, peer.key.flatMap({ allowed.name(of: $0) }) == nil {
        expel(peer.identity, "its key was revoked", socket)
      } else if !socket.send([peer.identity, CoordinatorMessage.alive.encoded()]) {
        logger.warning("a worker's connection is gone", metadata: ["worker.id": "\(peer.label)"])
        forget(peer.id, socket, .died(peer.id))
      }
    }
  }

  /// Throws a peer out for good: one line in the log, and nothing that it says counts any more.
  private func expel(_ identity: Peers.Identity, _ reason: String, _ socket: Socket) {
    let peer = peers[identity]
    peers.ban(identity, at: clock.now)
    quiet.warning(
      "threw a peer out",
      ["worker.id": "\(peer?.label ?? "stranger")", "reason": "\(reason.printable)"], at: clock.now)
    socket.send([identity, CoordinatorMessage.reject(reason: reason).encoded()])
    if let peer { forget(peer.id, socket, .left(peer.id)) }
  }

  private func forget(_ id: WorkerID, _ socket: Socket, _ event: Scheduler.Event) {
    peers.remove(id)
    apply(event, socket)
  }

  // MARK: Messages

  private func receive(_ message: Socket.Message, _ socket: Socket) {
    let frames = message.frames
    let identity = frames[0]
    guard !peers.isBanned(identity) else { return }
    guard peers.hears(identity, at: clock.now) else {
      return expel(identity, "it floods the coordinator with messages", socket)
    }
    guard allowed == nil || message.key.flatMap({ allowed?.name(of: $0) }) != nil else {
      return expel(identity, "its key was revoked", socket)
    }
    guard frames.count == 2 || frames.count == 3 else {
      return expel(identity, "it sent a message of \(frames.count - 1) frames", socket)
    }
    let report: WorkerMessage
    do {
      report = try WorkerMessage(decoding: frames[1])
    } catch {
      return expel(identity, "it sent \(error)", socket)
    }
    if case .hello(let hello) = report { return welcome(hello, identity, message.key, socket) }
    guard let peer = peers[identity] else {
      // A worker that was given up or that an earlier coordinator knew, unless it just leaves.
      if report != .goodbye, peers.mayAsk(identity, at: clock.now) {
        socket.send([identity, CoordinatorMessage.whoAreYou.encoded()])
      }
      return
    }
    switch report {
    case .hello: break
    case .ready(let credit):
      apply(.ready(peer.id, credit: credit), socket)
    case .done(let receipt):
      done(receipt, frames, peer, socket)
    case .failed(let failure):
      guard failure.run == run else { return }
      logger.warning(
        "a shard failed",
        metadata: [
          "worker.id": "\(peer.label)", "shard.id": "\(failure.shard)",
          "reason": "\(failure.message.printable)",
        ])
      apply(
        .failed(
          peer.id, Lease(shard: failure.shard, attempt: failure.attempt),
          reason: "\(peer.label): \(failure.message)"), socket)
    case .heartbeat:
      apply(.heard(peer.id), socket)
    case .goodbye:
      forget(peer.id, socket, .left(peer.id))
    }
  }

  private func welcome(
    _ hello: WorkerMessage.Hello, _ identity: Peers.Identity, _ key: PublicKey?, _ socket: Socket
  ) {
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
      quiet.warning(
        "refused a worker",
        ["worker.id": "\(hello.host.printable)", "reason": "\(refusal.printable)"], at: clock.now)
      socket.send([identity, CoordinatorMessage.reject(reason: refusal).encoded()])
      return
    }
    if let former = peers[identity] { forget(former.id, socket, .left(former.id)) }
    let peer = peers.add(hello, identity: identity, key: key)
    logger.info(
      "a worker joined",
      metadata: [
        "worker.id": "\(peer.label)", "threads": "\(hello.threads)",
        "memory": "\(ByteCount(bytes: hello.memoryBytes))", "kernels": "\(hello.instructionSet.printable)",
        "key": "\(key.flatMap { allowed?.name(of: $0) }?.printable ?? "none")",
      ])
    apply(.joined(peer.id, origin: peer.label), socket)
    let stores = plan.models.map(\.store)
    socket.send([identity, CoordinatorMessage.welcome(.init(run: run, stores: stores)).encoded()])
  }

  private func done(
    _ receipt: WorkerMessage.Receipt, _ frames: [[UInt8]], _ peer: Peers.Peer, _ socket: Socket
  ) {
    // An answer to an earlier session.
    guard receipt.run == run else { return }
    let lease = Lease(shard: receipt.shard, attempt: receipt.attempt)
    guard plan.shards.indices.contains(receipt.shard.value), frames.count == 3 else {
      return expel(peer.identity, "it answered for shard \(receipt.shard) without its sums", socket)
    }
    if let reason = fault(in: frames[2], plan.shards[receipt.shard.value]) {
      return expel(peer.identity, "its answer for shard \(receipt.shard) is \(reason)", socket)
    }
    answer = Journal.Entry(
      shard: receipt.shard, attempt: receipt.attempt, worker: peer.label, seconds: receipt.seconds,
      bytesRead: receipt.bytesRead, partial: frames[2])
    peers.values(peer.identity)
    apply(.done(peer.id, lease, digest: Fingerprint(of: frames[2]).value), socket)
    answer = nil
  }

  /// Why an encoded partial cannot be a worker's honest answer; nil when it can.
  private func fault(in bytes: [UInt8], _ shard: Shard) -> String? {
    let tensor = plan.tensors[shard.tensor]
    do {
      let partial = try PartialCodec.decode(
        bytes, models: tensor.copies.count, statistics: tensor.statistics,
        samples: plan.samples(of: shard).map(\.shape), sketch: tensor.sketch)
      return partial.impossibility(coordinates: shard.coordinates.count, columns: tensor.shape.columns)
    } catch {
      return "\(error)"
    }
  }

  // MARK: Actions

  private func apply(_ event: Scheduler.Event, _ socket: Socket) {
    for action in scheduler.handle(event, at: clock.now) {
      switch action {
      case .assign(let lease, let id):
        assign(lease, to: id, socket)
      case .accept(let lease, _):
        guard let entry = held.removeValue(forKey: lease.shard)?[lease] ?? answer else { continue }
        unrecorded.append(entry)
        bytesDone += entry.bytesRead
      case .hold(let lease, _):
        held[lease.shard, default: [:]][lease] = answer
      case .ignore(let lease, let id):
        logger.info("a second answer", metadata: ["shard.id": "\(lease.shard)", "worker": "\(id)"])
      case .drop(let id):
        logger.warning("a worker fell silent", metadata: ["worker.id": "\(peers[id]?.label ?? "\(id)")"])
        peers.remove(id)
      case .refuse(let id, let lease):
        guard let peer = peers[id] else { continue }
        expel(peer.identity, "it answered for shard \(lease.shard), which it was never given", socket)
      case .dispute(let shard, let dissenters):
        let text = "shard \(describe(shard)): other sums than two workers agree on came from \(dissenters.joined(separator: ", "))"
        logger.error("workers disagree", metadata: ["shard.id": "\(shard)", "workers": "\(dissenters)"])
        disputes.append(text)
      case .setAside(let shard, let reasons):
        held[shard] = nil
        logger.error("a shard is set aside", metadata: ["shard.id": "\(shard)"])
        setAside.append(
          "shard \(describe(shard)):\n    "
            + reasons.map(\.printable).joined(separator: "\n    "))
      case .finish:
        break
      }
    }
  }

  /// Number, tensor and files of a shard, for people.
  private func describe(_ shard: ShardID) -> String {
    let tensor = plan.tensors[plan.shards[shard.value].tensor]
    let files = tensor.copies.prefix(3).map { copy in
      let model = plan.models[copy.model]
      let file = model.tensors.first { $0.name == copy.name }?.file ?? model.path
      return "'\(file.printable)'"
    }
    let more = tensor.copies.count > 3 ? " and \(tensor.copies.count - 3) more" : ""
    return "\(shard) of tensor '\(tensor.name.printable)' (in \(files.joined(separator: ", "))\(more))"
  }

  private func assign(_ lease: Lease, to id: WorkerID, _ socket: Socket) {
    let shard = plan.shards[lease.shard.value]
    let tensor = plan.tensors[shard.tensor]
    let assignment = CoordinatorMessage.Assignment(
      shard: shard.id, attempt: lease.attempt, shape: tensor.shape, coordinates: shard.coordinates,
      statistics: tensor.statistics, samples: shard.samples, spectrum: shard.spectrum,
      sketch: tensor.sketch, sources: sources(of: tensor))
    guard let peer = peers[id],
      socket.send([peer.identity, CoordinatorMessage.assign(assignment).encoded()])
    else { return forget(id, socket, .left(id)) }
  }

  /// Models grouped by the name under which they keep the tensor.
  private func sources(of tensor: PlannedTensor) -> [CoordinatorMessage.Assignment.Source] {
    var order: [String] = []
    var models: [ExactText: [Int]] = [:]
    for copy in tensor.copies {
      let name = ExactText(copy.name)
      if models[name] == nil { order.append(copy.name) }
      models[name, default: []].append(copy.model)
    }
    return order.map { .init(tensor: $0, models: models[ExactText($0)] ?? []) }
  }
}
