import Compute
import Core
import Foundation
import Logging
import Transport
import Wire

/// The talking half of a worker: one thread that owns the socket and never computes, so that
/// heartbeats go out however long a shard takes.
final class Worker {
  private enum Event: Sendable {
    case computed(ComputePool.Outcome)
    case stop
  }

  private let endpoint: String
  private let memoryBytes: Int
  private let threads: Int
  private let patience: Duration
  private let parent: Int32?
  private let logger: Logger
  private let mailbox = Mailbox<Event>()
  private let pool: ComputePool
  private var welcome: CoordinatorMessage.Welcome?

  private static let heartbeatInterval = Duration.seconds(1)

  init(
    endpoint: String, memoryBytes: Int, threads: Int, patience: Duration, parent: Int32?,
    logger: Logger
  ) {
    self.endpoint = endpoint
    self.memoryBytes = memoryBytes
    self.threads = threads
    self.patience = patience
    self.parent = parent
    self.logger = logger
    pool = ComputePool(threads: threads, memoryBytes: memoryBytes) { [mailbox] in
      mailbox.post(.computed($0))
    }
  }

  /// Serves until the coordinator is finished, a signal comes, or nobody answers any more.
  func run() throws(Failure) {
    raiseFileLimit()
    let signals = SignalSources(stopping: mailbox) { .stop }
    defer { withExtendedLifetime(signals) {} }
    let context = try Context()
    let socket = try Socket(.dealer, in: context, largestFrame: WireProtocol.largestControlBytes)
    try socket.connect(endpoint)
    socket.send([hello()])
    var lastHeard = ContinuousClock.now
    var nextBeat = lastHeard + Self.heartbeatInterval
    while true {
      socket.wait(or: mailbox, milliseconds: 500)
      while let frames = socket.receive(frameLimit: 1) {
        lastHeard = .now
        guard let frame = frames.first, frames.count == 1 else { continue }
        if try handle(frame, socket) == .leave { return }
      }
      for event in mailbox.takeAll() {
        switch event {
        case .stop:
          socket.send([WorkerMessage.goodbye.encoded()])
          logger.info("leaving on a signal")
          return
        case .computed(let outcome):
          report(outcome, socket)
        }
      }
      if let parent, getppid() != parent { return }
      let now = ContinuousClock.now
      if now >= nextBeat {
        nextBeat = now + Self.heartbeatInterval
        socket.send([
          WorkerMessage.heartbeat(
            .init(bytesRead: pool.bytesRead, residentBytes: ResidentMemory.bytes)
          ).encoded()
        ])
      }
      guard now - lastHeard < patience else {
        throw Failure(
          .resumable, "no answer from '\(endpoint.printable)' for \(patience)",
          advice: "see that the coordinator runs and its port can be reached, then start the worker again")
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
      welcome = nil
      socket.send([hello()])
    case .welcome(let body):
      welcome = body
      // Per thread one shard being computed, one being read and two on the way, so that nobody waits
      // for the network however small the shards are.
      socket.send([WorkerMessage.ready(credit: 4 * threads).encoded()])
    case .reject(let reason):
      throw Failure(.usage, "the coordinator refuses this worker: \(reason.printable)")
    case .assign(let assignment):
      if let welcome { pool.add(assignment, stores: welcome.stores) }
    case .finished:
      return .leave
    case .alive:
      break
    }
    return .go
  }

  private func report(_ outcome: ComputePool.Outcome, _ socket: Socket) {
    guard let welcome, outcome.epoch == pool.currentEpoch else { return }
    let assignment = outcome.assignment
    switch outcome.result {
    case .success(let partial):
      let receipt = WorkerMessage.Receipt(
        run: welcome.run, shard: assignment.shard, attempt: assignment.attempt,
        bytesRead: outcome.bytesRead, seconds: outcome.seconds)
      socket.send([WorkerMessage.done(receipt).encoded(), PartialCodec.encode(partial)])
    case .failure(let failure):
      logger.warning(
        "a shard failed",
        metadata: ["shard.id": "\(assignment.shard)", "reason": "\(failure.message)"])
      socket.send([
        WorkerMessage.failed(
          .init(
            run: welcome.run, shard: assignment.shard, attempt: assignment.attempt,
            message: failure.description)
        ).encoded()
      ])
    }
    socket.send([WorkerMessage.ready(credit: 1).encoded()])
  }

  private func hello() -> [UInt8] {
    WorkerMessage.hello(
      .init(
        host: ProcessInfo.processInfo.hostName,
        process: Int(ProcessInfo.processInfo.processIdentifier), threads: threads,
        memoryBytes: memoryBytes, instructionSet: ShardStream.instructionSet)
    ).encoded()
  }

  /// Every model needs its store and its weight files open at once.
  private func raiseFileLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
