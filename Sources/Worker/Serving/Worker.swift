internal import Compute
internal import Core
internal import Foundation
package import Logging
package import System
package import Transport
internal import Wire

/// The half of a worker that talks to the coordinator: one thread that owns the socket and never computes, so that
/// heartbeats go out however long a shard takes.
package final class Worker {
  package struct Options: Sendable {
    package var endpoint: String
    /// nil for an open endpoint.
    package var keys: WorkerKeys?
    /// For blocks of weights and their sums, all threads together.
    package var memoryBytes: Int
    /// Shards that are computed at the same time.
    package var threads: Int
    /// Where files lie on this host.
    package var paths: PathMap
    /// How fast they may be read; nil for no limit.
    package var maxRead: ByteRate?
    /// How long a coordinator may be silent.
    package var patience: Duration
    /// The process that the worker ends with; nil for none.
    package var parent: Int32?

    package init(
      endpoint: String, keys: WorkerKeys? = nil, memoryBytes: Int, threads: Int, paths: PathMap = PathMap(),
      maxRead: ByteRate? = nil, patience: Duration, parent: Int32? = nil
    ) {
      self.endpoint = endpoint
      self.keys = keys
      self.memoryBytes = memoryBytes
      self.threads = threads
      self.paths = paths
      self.maxRead = maxRead
      self.patience = patience
      self.parent = parent
    }
  }

  private enum Event: Sendable {
    case computed(ComputePool.Outcome)
    case stop
  }

  private let options: Options
  private let logger: Logger
  private let mailbox = Mailbox<Event>()
  private let pool: ComputePool
  private let preflight: StorePreflight
  private var clock = RunningClock()
  private var lastHeard = Duration.zero
  private var obligations: Obligations
  private var credit: CreditController
  /// Set by a signal: when the worker leaves, finished or not.
  private var leavesAt: Duration?
  private var hasWarned = false
  /// Lines that may be logged about messages that cannot be decoded: a few, then one every minute.
  private var nonsense = TokenBucket(perSecond: 1.0 / 60, burst: 3)
  /// Missing files that have been logged.
  private var missed: Set<ByteString> = []

  /// Messages that are looked at before anything else gets its turn, however fast they come.
  private static let mostTurns = 1024

  private static let heartbeatInterval = Duration.seconds(1)

  /// How long finished shards wait for others, to be reported together.
  private static let gatheringMicroseconds: UInt32 = 1000

  /// How long a stop waits for the shards that have been begun.
  private static let farewell = Duration.seconds(2)

  package init(_ options: Options, logger: Logger) {
    self.options = options
    self.logger = logger
    credit = CreditController(threads: options.threads)
    obligations = Obligations(mostShards: credit.mostUnderWay)
    preflight = StorePreflight(paths: options.paths, logger: logger)
    pool = ComputePool(
      threads: options.threads, memoryBytes: options.memoryBytes, paths: options.paths,
      limit: options.maxRead.map { ReadLimit($0) }
    ) { [mailbox] in mailbox.post(.computed($0)) }
  }

  /// Stops the worker: it finishes what it has begun, for at most two seconds, and says goodbye. From any thread.
  package var stop: @Sendable () -> Void { { [mailbox] in mailbox.post(.stop) } }

  /// Serves until the coordinator is finished, `stop` is called, or the coordinator is silent for too long.
  ///
  /// - Throws: `Failure`: refused by the coordinator, or no answer from it.
  package func run() throws(Failure) {
    // Every model needs its weight files open at once.
    FileLimit.raise()
    let context = try Context()
    let socket = try Socket(
      .dealer, in: context,
      largestFrame: WireProtocol.largestControlBytes + WireProtocol.envelopeBytes,
      security: options.keys.map { .worker($0) } ?? .open)
    let monitor = try socket.monitor()
    try socket.connect(options.endpoint)
    logger.info("connecting", metadata: ["endpoint": "\(options.endpoint.printable)"])
    preflight.checkTargets()
    socket.send([hello()])
    var nextBeat = Self.heartbeatInterval
    var silence = SilenceWarnings()
    while true {
      socket.wait(or: mailbox, milliseconds: 500)
      // Small shards are reported several at a time: each message wakes four threads, here and there.
      if credit.isSated { usleep(Self.gatheringMicroseconds) }
      let now = clock.advance()
      var turns = Self.mostTurns
      while turns > 0, let message = socket.receive(frameLimit: 1) {
        turns -= 1
        lastHeard = now
        guard let frame = message.frames.first, message.frames.count == 1 else { continue }
        if try handle(frame, socket) == .leave { return }
      }
      for event in mailbox.takeAll() {
        switch event {
        case .stop: beginToLeave()
        case .computed(let outcome): report(outcome, socket)
        }
      }
      ask(socket)
      if let leavesAt, obligations.count == 0 || now >= leavesAt {
        socket.send([WorkerMessage.goodbye.encoded()])
        return
      }
      if let parent = options.parent, getppid() != parent { return }
      try watch(monitor)
      if now >= nextBeat {
        nextBeat = now + Self.heartbeatInterval
        socket.send([heartbeat()])
      }
      if silence.isDue(after: now - lastHeard) { warn(ofSilence: now - lastHeard) }
      guard now - lastHeard < options.patience else {
        throw Failure(
          .resumable, "no answer from '\(options.endpoint.printable)' for \(options.patience)",
          advice: "check that the coordinator runs and that its port can be reached, then start the worker again")
      }
    }
  }

  private func heartbeat() -> [UInt8] {
    WorkerMessage.heartbeat(
      .init(bytesRead: pool.bytesRead, residentBytes: ResidentMemory.bytes, slowest: pool.slowest)
    ).encoded()
  }

  private func warn(ofSilence silence: Duration) {
    logger.warning(
      "no word from the coordinator; trying to reach it again and again",
      metadata: [
        "endpoint": "\(options.endpoint.printable)", "silent.for": "\(silence.components.seconds) s",
        "gives.up.after": "\(options.patience)",
      ])
  }

  private func beginToLeave() {
    guard leavesAt == nil else { return }
    leavesAt = clock.now + Self.farewell
    for id in pool.dropQueued() { _ = obligations.end(id) }
    logger.info("leaving on request", metadata: ["shards.under_way": "\(obligations.count)"])
  }

  /// Watches what becomes of the connection.
  private func watch(_ monitor: SocketMonitor) throws(Failure) {
    for event in monitor.events() {
      switch event {
      case .keyRefused:
        throw Failure(
          .usage, "the coordinator at '\(options.endpoint.printable)' does not let this worker's key in",
          advice: "check that the key is in allowed-workers of the coordinator's --keys folder")
      case .handshakeFailed:
        // ZeroMQ tries again: the coordinator may just be starting or ending.
        guard !hasWarned else { continue }
        hasWarned = true
        logger.warning(
          "the handshake failed: only one side uses keys, the coordinator has another key, or there is no coordinator at this address",
          metadata: ["endpoint": "\(options.endpoint.printable)"])
      }
    }
  }

  private enum Next { case go, leave }

  private func handle(_ frame: [UInt8], _ socket: Socket) throws(Failure) -> Next {
    let message: CoordinatorMessage
    do {
      message = try CoordinatorMessage(decoding: frame)
    } catch {
      refuse(error, socket)
      return .go
    }
    switch message {
    case .whoAreYou:
      pool.reset()
      obligations.forget()
      credit.forget()
      if leavesAt == nil { socket.send([hello()]) }
    case .welcome:
      credit.wake()
    case .reject(let reason):
      throw Failure(.usage, "the coordinator refuses this worker: \(reason.printable)")
    case .open(let run):
      if let former = obligations.stores(of: run.run), former != run.stores { pool.forget(former) }
      if obligations.open(run, bytes: frame.count) {
        preflight.check(run.stores)
      } else if nonsense.takes(1, at: clock.now) {
        logger.warning("did not open a run: too many are open", metadata: ["stores": "\(run.stores.count)"])
      }
    case .close(let run):
      if let closed = obligations.close(run) { pool.forget(closed) }
    case .assign(let assignment):
      take(assignment, bytes: frame.count, socket)
    case .revoke(let id):
      guard let weights = obligations.end(id) else { break }
      pool.drop(id)
      credit.isDone(weights: weights, in: nil)
    case .finished:
      return .leave
    case .alive, .status:
      break
    }
    return .go
  }

  private func take(_ assignment: CoordinatorMessage.Assignment, bytes: Int, _ socket: Socket) {
    let id = AssignmentID(assignment)
    guard leavesAt == nil else { return }
    switch obligations.answer(to: id, bytes: bytes) {
    case .ignore: break
    case .refuse(let reason): refuse(reason, id, socket)
    case .take:
      let weights = Self.weights(of: assignment)
      obligations.take(id, weights: weights, bytes: bytes)
      credit.wasGiven(weights: weights)
      pool.add(assignment, stores: obligations.stores(of: id.run) ?? [])
    }
  }

  /// Passes over a message that cannot be decoded. Whoever handed out a shard by it is told why it is not computed.
  private func refuse(_ error: WireError, _ socket: Socket) {
    let id = error.assignment.flatMap { id in
      obligations.stores(of: id.run) != nil && leavesAt == nil && !obligations.isUnderWay(id) ? id : nil
    }
    refuse(error.description, id, socket)
  }

  /// - Parameter id: of the shard that is not computed, if it is one.
  private func refuse(_ reason: String, _ id: AssignmentID?, _ socket: Socket) {
    if nonsense.takes(1, at: clock.now) {
      logger.warning("ignored a message", metadata: ["reason": "\(reason.printable)"])
    }
    guard let id else { return }
    credit.wasGiven(weights: 0)
    credit.isDone(weights: 0, in: nil)
    fail(id, reason, socket)
  }

  private func fail(_ id: AssignmentID, _ message: String, missing: String? = nil, _ socket: Socket) {
    socket.send([
      WorkerMessage.failed(
        .init(
          run: id.run, shard: id.shard, part: id.part, attempt: id.attempt,
          // The coordinator disconnects a worker that sends too much.
          message: String(message.prefix(2000)),
          missing: missing.flatMap { $0.utf8.count <= Self.longestPath ? $0 : nil })
      ).encoded()
    ])
  }

  private func report(_ outcome: ComputePool.Outcome, _ socket: Socket) {
    guard outcome.epoch == pool.currentEpoch else { return }
    let assignment = outcome.assignment
    // A shard that was given to another in the meantime; its credit is given back already.
    guard let weights = obligations.end(AssignmentID(assignment)) else { return }
    credit.isDone(weights: weights, in: outcome.seconds)
    switch outcome.result {
    case .success(let partial):
      let receipt = WorkerMessage.Receipt(
        run: assignment.run, shard: assignment.shard, part: assignment.part, attempt: assignment.attempt,
        bytesRead: outcome.bytesRead, seconds: outcome.seconds)
      socket.send([WorkerMessage.done(receipt).encoded(), PartialCodec.encode(partial)])
    case .failure(let failure):
      log(failure, assignment.shard)
      fail(AssignmentID(assignment), "\(failure.message) (\(failure.advice))", missing: failure.missing, socket)
    }
  }

  /// At most 2^48, however large the shard is said to be.
  private static func weights(of assignment: CoordinatorMessage.Assignment) -> Int {
    let models = assignment.sources.reduce(0) { $0 + $1.models.count }
    return min(assignment.coordinates.count * models, 1 << 48)
  }

  /// Asks for more shards, in place of those that were answered.
  private func ask(_ socket: Socket) {
    guard leavesAt == nil else { return }
    let wanted = credit.credit()
    if wanted > 0 { socket.send([WorkerMessage.ready(credit: Count(clamping: wanted)).encoded()]) }
  }

  /// A missing file is logged once, however many shards need it.
  private func log(_ failure: Failure, _ shard: ShardID) {
    var metadata: Logger.Metadata = ["shard.id": "\(shard)", "reason": "\(failure.message)"]
    guard let missing = failure.missing else {
      return logger.warning("a shard failed", metadata: metadata)
    }
    if missed.count >= FileThroughput.limit { missed = [] }
    guard missed.insert(ByteString(missing)).inserted else { return }
    metadata["file"] = "\(missing.printable)"
    metadata["advice"] = "\(failure.advice)"
    logger.warning(
      "this host misses a file; its shards go to other hosts, and further ones are not logged", metadata: metadata)
  }

  /// Of the system; no file has a longer one.
  private static let longestPath = 4096

  private func hello() -> [UInt8] {
    WorkerMessage.hello(
      .init(
        host: ProcessInfo.processInfo.hostName,
        process: Int(ProcessInfo.processInfo.processIdentifier), threads: options.threads,
        memoryBytes: options.memoryBytes, instructionSet: ShardStream.instructionSet)
    ).encoded()
  }
}
