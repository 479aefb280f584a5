public import Core
internal import Import
public import Journal
public import Logging
public import Planning
internal import Scheduling
internal import Transport
internal import Wire

/// The coordinator's loop: hands shards to workers until every one is finished and durable.
///
/// One thread owns the socket; decisions are the scheduler's, this shell carries them out.
public final class ShardServer {
  public enum Listening: Sendable {
    /// Own workers on this machine, nobody else.
    case local(LocalWorkers.Options)
    /// Workers from anywhere that can reach the endpoint.
    case endpoint(String)
  }

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

  private struct Peer {
    let id: WorkerID
    let hello: WorkerMessage.Hello
    var bytesRead = 0

    var label: String { "\(hello.host.printable):\(hello.process)" }
  }

  private let plan: Plan
  private let run: String
  private let journal: Journal
  private let logger: Logger
  private let mailbox = Mailbox<Event>()
  private let started = ContinuousClock.now
  private var scheduler: Scheduler
  private var peers: [[UInt8]: Peer] = [:]
  private var identities: [WorkerID: [UInt8]] = [:]
  private var nextWorker = 1
  private var unrecorded: [Journal.Entry] = []
  private var answers: [Lease: Journal.Entry] = [:]
  private var bytesDone = 0
  private var setAside: [String] = []
  private var progress: Progress
  private var stopSignal: Int32?

  /// - Parameters:
  ///   - run: fingerprint of the run; workers repeat it with every answer.
  ///   - done: shards that the journal has already.
  public init(plan: Plan, run: String, journal: Journal, done: Set<ShardID>, logger: Logger) {
    self.plan = plan
    self.run = run
    self.journal = journal
    self.logger = logger
    scheduler = Scheduler(shards: plan.shards.count, done: done)
    let bytesLeft = plan.shards.filter { !done.contains($0.id) }.reduce(0) {
      $0 + $1.coordinates.count * plan.tensors[$1.tensor].bytesPerCoordinate
    }
    progress = Progress(total: plan.shards.count, done: done.count, totalBytes: bytesLeft)
  }

  /// Serves until every shard is done or set aside, or a signal comes.
  ///
  /// - Parameter onListening: told the endpoint once workers can connect.
  /// - Throws: `Failure` when the journal cannot be written or no worker can live.
  public func serve(_ listening: Listening, onListening: (String) -> Void = { _ in }) throws(Failure)
    -> Outcome
  {
    guard !scheduler.isFinished else { return .finished }
    let signals = SignalSources(mailbox) { .signal($0) }
    defer { withExtendedLifetime(signals) {} }
    let context = try Context()
    let socket = try Socket(.router, in: context, largestFrame: largestFrame)
    var endpoint: PrivateEndpoint?
    var local: LocalWorkers?
    switch listening {
    case .endpoint(let text):
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
      try turn(socket, local)
    }
    // Workers of a run that was stopped wait for the coordinator to come back.
    if let stopSignal { return .stopped(signal: stopSignal) }
    for identity in peers.keys {
      socket.send([identity, CoordinatorMessage.finished.encoded()])
    }
    return setAside.isEmpty ? .finished : .incomplete(reasons: setAside)
  }

  private var largestFrame: Int {
    let partial = plan.shards.map {
      let tensor = plan.tensors[$0.tensor]
      return PartialCodec.encodedBytes(
        models: tensor.copies.count, statistics: tensor.statistics, samples: plan.samples(of: $0).map(\.shape))
    }.max() ?? 0
    return max(partial, WireProtocol.largestControlBytes)
  }

  private var now: Duration { ContinuousClock.now - started }

  /// One round: everything that waits is taken in, then made durable, then counted.
  private func turn(_ socket: Socket, _ local: LocalWorkers?) throws(Failure) {
    socket.wait(or: mailbox, milliseconds: 100)
    var room = 256
    while room > 0, let frames = socket.receive(frameLimit: 3) {
      room -= 1
      receive(frames, socket)
    }
    for event in mailbox.takeAll() {
      switch event {
      case .signal(let number):
        stopSignal = number
      case .workerEnded(let process):
        try replace(process, socket, local)
      }
    }
    apply(.tick, socket)
    try journal.record(unrecorded)
    unrecorded = []
    progress.update(
      done: scheduler.doneCount, bytes: bytesDone, workers: scheduler.workerCount)
  }

  private func replace(_ process: Int, _ socket: Socket, _ local: LocalWorkers?) throws(Failure) {
    if let peer = peers.values.first(where: { $0.hello.process == process }) {
      forget(peer.id)
      apply(.left(peer.id), socket)
    }
    guard let local, !scheduler.isFinished else { return }
    logger.warning("a worker process ended", metadata: ["worker.process": "\(process)"])
    guard try !local.replace(process: process), local.count == 0 else { return }
    throw Failure(
      .resumable, "the worker processes end as soon as they are started",
      advice: "run.log has their last words; then run the same command again")
  }

  // MARK: Messages

  private func receive(_ frames: [[UInt8]], _ socket: Socket) {
    let identity = frames[0]
    guard frames.count == 2 || frames.count == 3 else {
      return ignore("a message of \(frames.count - 1) frames")
    }
    let message: WorkerMessage
    do {
      message = try WorkerMessage(decoding: frames[1])
    } catch {
      return ignore("\(error)")
    }
    if case .hello(let hello) = message { return welcome(hello, identity, socket) }
    guard let peer = peers[identity] else {
      // A worker that was given up or that an earlier coordinator knew, unless it just leaves.
      if message != .goodbye { socket.send([identity, CoordinatorMessage.whoAreYou.encoded()]) }
      return
    }
    switch message {
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
    case .heartbeat(let beat):
      peers[identity]?.bytesRead = beat.bytesRead
      apply(.heard(peer.id), socket)
      socket.send([identity, CoordinatorMessage.alive.encoded()])
    case .goodbye:
      forget(peer.id)
      apply(.left(peer.id), socket)
    }
  }

  private func welcome(_ hello: WorkerMessage.Hello, _ identity: [UInt8], _ socket: Socket) {
    let refusal: String? =
      if hello.protocolVersion != WireProtocol.version {
        "it speaks protocol \(hello.protocolVersion), the coordinator \(WireProtocol.version); install the same version on both"
      } else if hello.software != Version.software {
        "it is modeltree-worker \(hello.software), the coordinator \(Version.software); install the same version on both"
      } else {
        nil
      }
    if let refusal {
      logger.warning("refused a worker", metadata: ["worker.id": "\(hello.host.printable)", "reason": "\(refusal)"])
      socket.send([identity, CoordinatorMessage.reject(reason: refusal).encoded()])
      return
    }
    if let former = peers[identity] {
      forget(former.id)
      apply(.left(former.id), socket)
    }
    let peer = Peer(id: WorkerID(nextWorker), hello: hello)
    nextWorker += 1
    peers[identity] = peer
    identities[peer.id] = identity
    logger.info(
      "a worker joined",
      metadata: [
        "worker.id": "\(peer.label)", "threads": "\(hello.threads)",
        "memory": "\(ByteCount(bytes: hello.memoryBytes))", "kernels": "\(hello.instructionSet.printable)",
      ])
    apply(.joined(peer.id), socket)
    let stores = plan.models.map(\.store)
    socket.send([identity, CoordinatorMessage.welcome(.init(run: run, stores: stores)).encoded()])
  }

  private func done(
    _ receipt: WorkerMessage.Receipt, _ frames: [[UInt8]], _ peer: Peer, _ socket: Socket
  ) {
    // An answer from before a restart with other inputs.
    guard receipt.run == run else { return }
    let lease = Lease(shard: receipt.shard, attempt: receipt.attempt)
    guard plan.shards.indices.contains(receipt.shard.value), frames.count == 3 else {
      return ignore("an answer for shard \(receipt.shard) without its sums")
    }
    let shard = plan.shards[receipt.shard.value]
    let tensor = plan.tensors[shard.tensor]
    do {
      try PartialCodec.check(
        frames[2], models: tensor.copies.count, statistics: tensor.statistics,
        samples: plan.samples(of: shard).map(\.shape))
    } catch {
      logger.warning(
        "unusable sums", metadata: ["worker.id": "\(peer.label)", "reason": "\(error)"])
      return apply(.failed(peer.id, lease, reason: "\(peer.label) sent \(error)"), socket)
    }
    answers[lease] = Journal.Entry(
      shard: receipt.shard, attempt: receipt.attempt, worker: peer.label, seconds: receipt.seconds,
      bytesRead: receipt.bytesRead, partial: frames[2])
    apply(.done(peer.id, lease), socket)
    answers[lease] = nil
  }

  // MARK: Actions

  private func apply(_ event: Scheduler.Event, _ socket: Socket) {
    for action in scheduler.handle(event, at: now) {
      switch action {
      case .assign(let lease, let id):
        assign(lease, to: id, socket)
      case .accept(let lease, _):
        guard let entry = answers[lease] else { continue }
        unrecorded.append(entry)
        bytesDone += entry.bytesRead
      case .ignore(let lease, let id):
        logger.info("a second answer", metadata: ["shard.id": "\(lease.shard)", "worker": "\(id)"])
      case .drop(let id):
        logger.warning("a worker fell silent", metadata: ["worker.id": "\(label(id))"])
        forget(id)
      case .refuse(let id, let lease):
        logger.warning(
          "an answer that was never asked for: worker dropped",
          metadata: ["worker.id": "\(label(id))", "shard.id": "\(lease.shard)"])
        forget(id)
        apply(.left(id), socket)
      case .setAside(let shard, let reasons):
        let tensor = plan.tensors[plan.shards[shard.value].tensor]
        logger.error("a shard is set aside", metadata: ["shard.id": "\(shard)"])
        setAside.append(
          "shard \(shard) of tensor '\(tensor.name.printable)':\n    "
            + reasons.joined(separator: "\n    "))
      case .finish:
        break
      }
    }
  }

  private func assign(_ lease: Lease, to id: WorkerID, _ socket: Socket) {
    let shard = plan.shards[lease.shard.value]
    let tensor = plan.tensors[shard.tensor]
    let assignment = CoordinatorMessage.Assignment(
      shard: shard.id, attempt: lease.attempt, shape: tensor.shape, coordinates: shard.coordinates,
      statistics: tensor.statistics, samples: shard.samples, spectrum: shard.spectrum,
      sources: sources(of: tensor))
    guard let identity = identities[id],
      socket.send([identity, CoordinatorMessage.assign(assignment).encoded()])
    else {
      forget(id)
      return apply(.left(id), socket)
    }
  }

  /// Models grouped by the name under which they keep the tensor.
  private func sources(of tensor: PlannedTensor) -> [CoordinatorMessage.Assignment.Source] {
    var order: [String] = []
    var models: [String: [Int]] = [:]
    for copy in tensor.copies {
      if models[copy.name] == nil { order.append(copy.name) }
      models[copy.name, default: []].append(copy.model)
    }
    return order.map { .init(tensor: $0, models: models[$0] ?? []) }
  }

  private func label(_ id: WorkerID) -> String {
    identities[id].flatMap { peers[$0]?.label } ?? "\(id)"
  }

  private func forget(_ id: WorkerID) {
    if let identity = identities.removeValue(forKey: id) { peers[identity] = nil }
  }

  private func ignore(_ reason: String) {
    logger.warning("ignored a message", metadata: ["reason": "\(reason.printable)"])
  }
}
