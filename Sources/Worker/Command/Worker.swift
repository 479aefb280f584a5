import Compute
import Core
import Foundation
import Logging
import System
import Transport
import Wire

/// The talking half of a worker: one thread that owns the socket and never computes, so that
/// heartbeats go out however long a shard takes.
final class Worker {
  struct Options {
    var endpoint: String
    var keys: WorkerKeys?
    var memoryBytes: Int
    var threads: Int
    /// Where files lie on this host.
    var paths = PathMap()
    /// How fast they may be read.
    var maxRead: ByteRate?
    /// How long a coordinator may say nothing.
    var patience: Duration
    /// The process that the worker ends with.
    var parent: Int32?
  }

  private enum Event: Sendable {
    case computed(ComputePool.Outcome)
    case stop
  }

  private let options: Options
  private let logger: Logger
  private let mailbox = Mailbox<Event>()
  private let pool: ComputePool
  private let firstLook: StorePreflight
  /// Stores of the runs that the coordinator has opened.
  private var stores: [String: [String]] = [:]
  private var clock = RunningClock()
  private var lastHeard = Duration.zero
  /// Shards that were given and not answered yet, with their weights.
  private var underWay: [ComputePool.Place: Int] = [:]
  private var appetite: CreditController
  /// Set by a signal: when the worker leaves, finished or not.
  private var leavesAt: Duration?
  private var hasComplained = false
  /// Files that the operator was told about.
  private var missed: Set<ByteString> = []

  private static let heartbeatInterval = Duration.seconds(1)

  private static let gatheringMicroseconds: UInt32 = 1000

  /// What a signal leaves for the shards that have been begun.
  private static let farewell = Duration.seconds(2)

  init(_ options: Options, logger: Logger) {
    self.options = options
    self.logger = logger
    appetite = CreditController(threads: options.threads)
    firstLook = StorePreflight(paths: options.paths, logger: logger)
    pool = ComputePool(
      threads: options.threads, memoryBytes: options.memoryBytes, paths: options.paths,
      limit: options.maxRead.map { ReadLimit($0) }
    ) { [mailbox] in mailbox.post(.computed($0)) }
  }

  /// Serves until the coordinator is finished, a signal comes, or nobody answers any more.
  func run(signals: StopSignals) throws(Failure) {
    // Every model needs its weight files open at once.
    FileLimit.raise()
    signals.handle { [mailbox] _ in mailbox.post(.stop) }
    let context = try Context()
    let socket = try Socket(
      .dealer, in: context,
      largestFrame: WireProtocol.largestControlBytes + WireProtocol.envelopeBytes,
      security: options.keys.map { .worker($0) } ?? .open)
    let monitor = try socket.monitor()
    try socket.connect(options.endpoint)
    logger.info("connecting", metadata: ["endpoint": "\(options.endpoint.printable)"])
    firstLook.lookAtTargets()
    socket.send([hello()])
    var nextBeat = Self.heartbeatInterval
    while true {
      socket.wait(or: mailbox, milliseconds: 500)
      // Several small shards are told at a time: each message wakes four threads, here and there.
      if appetite.isSated { usleep(Self.gatheringMicroseconds) }
      let now = clock.advance()
      while let message = socket.receive(frameLimit: 1) {
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
      if let leavesAt, underWay.isEmpty || now >= leavesAt {
        socket.send([WorkerMessage.goodbye.encoded()])
        return
      }
      if let parent = options.parent, getppid() != parent { return }
      try listen(monitor)
      if now >= nextBeat {
        nextBeat = now + Self.heartbeatInterval
        socket.send([
          WorkerMessage.heartbeat(
            .init(
              bytesRead: pool.bytesRead, residentBytes: ResidentMemory.bytes, slowest: pool.slowest)
          ).encoded()
        ])
      }
      guard now - lastHeard < options.patience else {
        throw Failure(
          .resumable, "no answer from '\(options.endpoint.printable)' for \(options.patience)",
          advice: "see that the coordinator runs and its port can be reached, then start the worker again")
      }
    }
  }

  private func beginToLeave() {
    guard leavesAt == nil else { return }
    leavesAt = clock.now + Self.farewell
    for place in pool.dropQueued() { underWay[place] = nil }
    logger.info("leaving on a signal", metadata: ["shards.under_way": "\(underWay.count)"])
  }

  /// What becomes of the connection.
  private func listen(_ monitor: SocketMonitor) throws(Failure) {
    for event in monitor.events() {
      switch event {
      case .keyRefused:
        throw Failure(
          .usage, "the coordinator at '\(options.endpoint.printable)' does not let this worker's key in",
          advice: "see that the key is in allowed-workers of the coordinator's --keys folder")
      case .handshakeFailed:
        // It is tried again: the coordinator may just be starting or ending.
        guard !hasComplained else { continue }
        hasComplained = true
        logger.warning(
          "the greeting failed: one side has keys and the other has not, the coordinator's key is another one, or there is no coordinator at this address",
          metadata: ["endpoint": "\(options.endpoint.printable)"])
      case .disconnected: break
      }
    }
  }

  private enum Next { case go, leave }

  private func handle(_ frame: [UInt8], _ socket: Socket) throws(Failure) -> Next {
    let message: CoordinatorMessage
    do {
      message = try CoordinatorMessage(decoding: frame)
    } catch {
      logger.warning("ignored a message", metadata: ["reason": "\(error)"])
      return .go
    }
    switch message {
    case .whoAreYou:
      pool.reset()
      underWay = [:]
      appetite.forget()
      stores = [:]
      if leavesAt == nil { socket.send([hello()]) }
    case .welcome:
      appetite.wake()
    case .reject(let reason):
      throw Failure(.usage, "the coordinator refuses this worker: \(reason.printable)")
    case .open(let run):
      stores[run.run] = run.stores
      firstLook.look(at: run.stores)
    case .close(let run):
      if let closed = stores.removeValue(forKey: run) { pool.forget(closed) }
    case .assign(let assignment):
      let place = ComputePool.Place(assignment)
      guard let stores = stores[assignment.run], leavesAt == nil, underWay[place] == nil else { break }
      let weights = Self.weights(of: assignment)
      underWay[place] = weights
      appetite.wasGiven(weights: weights)
      pool.add(assignment, stores: stores)
    case .revoke(let run, let shard, let attempt):
      let place = ComputePool.Place(run: run, shard: shard, attempt: attempt)
      guard let weights = underWay.removeValue(forKey: place) else { break }
      pool.drop(place)
      appetite.isDone(weights: weights, in: nil)
    case .finished:
      return .leave
    case .alive, .status:
      break
    }
    return .go
  }

  private func report(_ outcome: ComputePool.Outcome, _ socket: Socket) {
    guard outcome.epoch == pool.currentEpoch else { return }
    let assignment = outcome.assignment
    // A shard that was given to another in the meantime; its credit is given back already.
    guard let weights = underWay.removeValue(forKey: ComputePool.Place(assignment)) else { return }
    appetite.isDone(weights: weights, in: outcome.seconds)
    switch outcome.result {
    case .success(let partial):
      let receipt = WorkerMessage.Receipt(
        run: assignment.run, shard: assignment.shard, attempt: assignment.attempt,
        bytesRead: outcome.bytesRead, seconds: outcome.seconds)
      socket.send([WorkerMessage.done(receipt).encoded(), PartialCodec.encode(partial)])
    case .failure(let failure):
      log(failure, assignment.shard)
      socket.send([
        WorkerMessage.failed(
          .init(
            run: assignment.run, shard: assignment.shard, attempt: assignment.attempt,
            // The coordinator throws out who sends it books.
            message: String("\(failure.message) (\(failure.advice))".prefix(2000)),
            missing: failure.missing.flatMap { $0.utf8.count <= Self.longestPath ? $0 : nil })
        ).encoded()
      ])
    }
  }

  /// In bounds: what a coordinator says may be nonsense.
  private static func weights(of assignment: CoordinatorMessage.Assignment) -> Int {
    let models = assignment.sources.reduce(0) { $0 + $1.models.count }
    let (weights, isTooLarge) = (assignment.end &- assignment.start).multipliedReportingOverflow(by: models)
    return isTooLarge ? 0 : min(max(0, weights), 1 << 48)
  }

  /// For what has been answered, more.
  private func ask(_ socket: Socket) {
    guard leavesAt == nil else { return }
    let credit = appetite.credit()
    if credit > 0 { socket.send([WorkerMessage.ready(credit: Count(clamping: credit)).encoded()]) }
  }

  /// A file that is missing is told once, however many shards need it.
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
      "this host misses a file; its shards go to other hosts, and more of them are not told", metadata: metadata)
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
