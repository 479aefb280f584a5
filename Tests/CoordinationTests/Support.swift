import Checkpoints
import Coordination
import Core
import Encodings
import Foundation
import Journal
import Logging
import Monitoring
import Planning
import Storage
import Synchronization
import System
import TestSupport
import Transport
import Wire

/// What was logged, in the order in which it was.
final class Lines: Sendable {
  private let all = Mutex<[(level: Logger.Level, text: String)]>([])

  func add(_ level: Logger.Level, _ text: String) { all.withLock { $0.append((level, text)) } }

  func of(_ level: Logger.Level) -> [String] { all.withLock { $0.filter { $0.level == level }.map(\.text) } }

  var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

  private struct Handler: LogHandler {
    let lines: Lines
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      lines.add(event.level, ([event.message.description] + pairs).joined(separator: " "))
    }
  }
}

/// A coordinator that listens on a port of this machine, and one run for it.
final class Pool {
  let lines = Lines()
  let board = StatusBoard()
  let server: ShardServer
  let folder: TemporaryFolder
  let plan: Plan
  private let journal: Journal
  private let report = Promise<ShardWork.Report>()

  /// - Parameters:
  ///   - shards: each of a tensor of its own.
  ///   - models: that have them.
  ///   - extents: of each tensor.
  init(shards: Int, verified: Double? = 0, models: Int = 2, extents: [Int] = [4, 8]) throws {
    folder = try TemporaryFolder()
    plan = Plan(models: (0..<models).map { Self.record($0, tensors: shards, extents) }, statistics: [])
    precondition(plan.shards.count == shards, "\(plan.shards.count) shards")
    journal = try Journal(path: folder.at("journal.sqlite"))
    server = try ShardServer(
      .endpoint("tcp://127.0.0.1:*", keys: nil), options: ServingOptions(verified: verified),
      largestAnswer: ShardServer.largestAnswer(plan), board: board, logger: lines.logger)
  }

  deinit { server.end() }

  private static func record(_ number: Int, tensors: Int, _ extents: [Int]) -> ModelRecord {
    let path = "/models/m\(number)/model.safetensors"
    let stored = (0..<tensors).compactMap { index in
      TensorShape(extents).map {
        StoredTensor(
          name: "layers.\(index).weight", encoding: .f32, shape: $0, file: path, offset: 4 * $0.elements * index)
      }
    }
    return ModelRecord(
      id: "m\(number)", path: path, store: "/run/store/m\(number).h5", tensors: stored, setAside: [],
      sources: [
        SourceFile(path: path, bytes: stored.reduce(0) { $0 + 4 * $1.shape.elements }, modified: 1, header: "h")
      ])
  }

  /// Brings the run to the pool; `result` waits for its end.
  func begin() {
    let work = ShardWork(
      name: "test", directory: folder.path, plan: plan, run: "00ff", journal: journal, done: [])
    Thread.detachNewThread { [server, report] in
      report.fulfil(Result { () throws(Failure) in try server.compute(work) })
    }
  }

  func result() throws -> ShardWork.Report { try report.wait() }

  func finished() throws -> Set<ShardID> { try journal.finishedShards() }

  /// What the journal has of a shard.
  func recorded(_ shard: ShardID) throws -> Partial? {
    try journal.partial(of: shard).map { try PartialCodec.decode($0, as: plan.schema(of: plan.shards[shard.value])) }
  }

  /// What an honest worker answers.
  func answer(to shard: ShardID, _ part: ShardPart? = nil) -> [UInt8] {
    let shard = plan.shards[shard.value]
    let part = part ?? shard.whole
    var partial = Partial(plan.schema(of: shard, part))
    let count = Double(plan.coordinates(of: shard, part).count)
    if !part.isWhole { for pair in partial.l2.indices { partial.l2[pair] = count } }
    for model in partial.moments.indices {
      partial.moments[model] = Moments(
        count: count, mean: 0, m2: 1, m3: 0, m4: 1, minimum: -1, maximum: 1, zeros: 0, notFinite: 0)
    }
    return PartialCodec.encode(partial)
  }
}

/// The other end of the coordinator's socket, which says what the test wants.
final class Peer {
  private let socket: Socket
  private let mailbox = Mailbox<Int>()

  init(_ pool: Pool) throws {
    socket = try Socket(.dealer, in: Context(), largestFrame: WireProtocol.largestControlBytes)
    try socket.connect(pool.server.endpoint)
  }

  func send(_ message: WorkerMessage, _ partial: [UInt8]? = nil) {
    socket.send([message.encoded()] + (partial.map { [$0] } ?? []))
  }

  func send(raw frame: [UInt8]) { socket.send([frame]) }

  /// Says hello and waits to be welcome.
  func join(_ process: Int, threads: Int = 1) throws {
    send(
      .hello(.init(host: "host", process: process, threads: threads, memoryBytes: 1 << 30, instructionSet: "test")))
    _ = try wait { $0 == .welcome }
  }

  /// The first message that is looked for; others are passed over.
  func wait(for isIt: (CoordinatorMessage) -> Bool) throws -> CoordinatorMessage {
    while true {
      while let frame = socket.receive(frameLimit: 1)?.frames.first {
        let message = try CoordinatorMessage(decoding: frame)
        if isIt(message) { return message }
      }
      socket.wait(or: mailbox, milliseconds: 1000)
    }
  }

  /// What the coordinator shows to whoever asks.
  func status() throws -> PoolStatus {
    send(.ask)
    let message = try wait { if case .status = $0 { true } else { false } }
    guard case .status(let json) = message else { throw Failure(.unclassified, "no status") }
    return try StatusJSON.decode(Data(json.utf8), from: "the coordinator")
  }
}
