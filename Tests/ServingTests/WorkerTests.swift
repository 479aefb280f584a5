import Checkpoints
import Compute
import Core
import Foundation
import Logging
import Serving
import Storage
import Synchronization
import System
import TestSupport
import Testing
import Transport
import Wire

/// A worker against a coordinator that the test plays: what it says, and what it answers. Every step waits for a
/// message, never for a time.
struct WorkerTests {
  private let folder: TemporaryFolder
  private let records: [ModelRecord]

  init() throws {
    folder = try TemporaryFolder()
    var random = SeededRandom(3)
    let shape = [24, 16]
    records = try Models.make(
      (0..<2).map { _ in [TestTensor.random("layers.0.up.weight", .f32, shape, using: &random)] }, in: folder)
  }

  /// The coordinator's end of the conversation.
  private final class Coordinator {
    struct Silence: Error, CustomStringConvertible {
      let description = "the worker said nothing more for a minute"
    }

    let socket: Socket
    let endpoint: String
    private let nothing = Mailbox<Never>()
    private var worker: [UInt8] = []

    init(in folder: TemporaryFolder) throws {
      socket = try Socket(.router, in: try Context(), largestFrame: 1 << 24)
      endpoint = try socket.bind("ipc://\(folder.at("socket"))")
    }

    /// The next message that is not a heartbeat, and the frames behind it.
    func next() throws -> (WorkerMessage, [[UInt8]]) {
      for _ in 0..<600 {
        while let message = socket.receive(frameLimit: 8) {
          worker = message.frames[0]
          let said = try WorkerMessage(decoding: message.frames[1])
          if case .heartbeat = said { continue }
          return (said, Array(message.frames.dropFirst(2)))
        }
        socket.wait(or: nothing, milliseconds: 100)
      }
      throw Silence()
    }

    /// The next answer to a shard; the worker asks for more in between.
    func nextAnswer() throws -> WorkerMessage {
      while true {
        let said = try next().0
        if case .ready = said { continue }
        return said
      }
    }

    func say(_ message: CoordinatorMessage) { say(bytes: message.encoded()) }

    /// Waits for room where the worker has not read what was said before.
    func say(bytes: [UInt8]) {
      for _ in 0..<60_000 {
        if socket.send([worker, bytes]) { return }
        usleep(1000)
      }
      Issue.record("the worker does not read what it is told")
    }

    /// Greets a worker, as far as the first request for shards.
    ///
    /// - Returns: how many shards it asks for.
    func greet() throws -> Int {
      guard case .hello = try next().0 else { throw Silence() }
      say(.welcome)
      guard case .ready(let credit) = try next().0 else { throw Silence() }
      return credit.value
    }
  }

  /// Passes on what is logged.
  private struct Listener: LogHandler {
    let heard: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { heard(event.message.description) }
  }

  /// A worker on a thread of its own.
  private final class Running: Sendable {
    private let ended = Promise<Void>()
    let stop: @Sendable () -> Void

    init(_ endpoint: String, log: @escaping @Sendable (String) -> Void = { _ in }) {
      // A worker belongs to the thread that runs it, which takes it over here for good.
      let made = Promise<@Sendable () -> Void>()
      let thread = Thread { [ended] in
        let worker = Worker(
          .init(endpoint: endpoint, memoryBytes: 1 << 24, threads: 1, patience: .seconds(600)),
          logger: Logger(label: "test") { _ in Listener(heard: log) })
        made.fulfil(.success(worker.stop))
        do throws(Failure) {
          try worker.run()
          ended.fulfil(.success(()))
        } catch {
          ended.fulfil(.failure(error))
        }
      }
      thread.start()
      let stopping: (@Sendable () -> Void)? = try? made.wait()
      stop = stopping ?? {}
    }

    /// Waits until it has left.
    func wait() throws(Failure) { try ended.wait() }
  }

  private func assignment(_ attempt: Int, run: String = "r", tensor: String = "layers.0.up.weight")
    -> CoordinatorMessage.Assignment
  {
    .init(
      run: run, shard: ShardID(0), attempt: attempt, shape: records[0].tensors[0].shape, coordinates: 0..<384,
      statistics: [.l1], sources: [.init(tensor: tensor, models: [0, 1])])
  }

  @Test func aShardIsComputedToTheBitAndTheWorkerLeavesWhenAllIsDone() throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    #expect(try coordinator.greet() > 0)
    coordinator.say(.open(.init(run: "r", stores: records.map(\.store))))
    coordinator.say(.assign(assignment(5)))
    let (answer, frames) = try coordinator.next()
    guard case .done(let receipt) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(receipt.run == "r" && receipt.shard == ShardID(0) && receipt.attempt == 5)
    #expect(receipt.bytesRead.value == 2 * 384 * 4)
    let expected = try #require(
      try ShardStream.compute(
        assignment(5), stores: records.map(\.store), library: StoreCache(), memoryBytes: 1 << 24))
    #expect(frames == [PartialCodec.encode(expected)])
    coordinator.say(.finished)
    try worker.wait()
  }

  @Test func aTensorThatIsNotThereIsReportedWithTheAttempt() throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    _ = try coordinator.greet()
    coordinator.say(.open(.init(run: "r", stores: records.map(\.store))))
    coordinator.say(.assign(assignment(2, tensor: "other")))
    guard case .failed(let failure) = try coordinator.next().0 else {
      Issue.record("another message")
      return
    }
    #expect(failure.attempt == 2 && failure.message.contains("'other'"))
    coordinator.say(.finished)
    try worker.wait()
  }

  /// A run that was never opened, and nonsense, are ignored; the next good shard is computed.
  @Test func whatMakesNoSenseIsIgnored() throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    _ = try coordinator.greet()
    coordinator.say(.assign(assignment(1, run: "never opened")))
    coordinator.say(.revoke(AssignmentID(run: "never opened", shard: ShardID(9), attempt: 1)))
    coordinator.say(.open(.init(run: "r", stores: records.map(\.store))))
    coordinator.say(.assign(assignment(1)))
    guard case .done(let receipt) = try coordinator.next().0 else {
      Issue.record("another message")
      return
    }
    #expect(receipt.run == "r")
    coordinator.say(.finished)
    try worker.wait()
  }

  /// Numbers that cannot be meant: each is answered with a reason, and the worker lives on to compute a good shard.
  @Test(arguments: [
    (#""samples":0"#, #""samples":4611686018427387904"#, "submatrices"),
    (#""samples":0"#, #""samples":-1"#, "submatrices"),
    (#""samples":0"#, #""samples":-4611686018427387904"#, "submatrices"),
    (#""spectrum":0"#, #""spectrum":4611686018427387904"#, "spectrum"),
    (#""spectrum":0"#, #""spectrum":-1"#, "spectrum"),
    (#""firstRow":0"#, #""firstRow":9223372036854775807"#, "rows from"),
    (#""firstRow":0"#, #""firstRow":-1"#, "rows from"),
    (#""start":0"#, #""start":-9223372036854775807"#, "weights"), (#""start":0"#, #""start":384"#, "weights"),
    (#""end":384"#, #""end":9223372036854775807"#, "weights"), (#""end":384"#, #""end":385"#, "weights"),
    (#""shape":[24,16]"#, #""shape":[9223372036854775807,1]"#, "a shape of"),
    (#""shape":[24,16]"#, #""shape":[9223372036854775807,2]"#, "shape"),
    (#""shape":[24,16]"#, #""shape":[0,16]"#, "weights"),
    (#""shape":[24,16]"#, #""shape":[]"#, "weights"), (#""shape":[24,16]"#, #""shape":[-24,-16]"#, "shape"),
    (#""statistics":1"#, #""statistics":2147483648"#, "'statistics'"),
    (#""statistics":1"#, #""statistics":-1"#, "'statistics'"),
    (#""models":[0,1]"#, #""models":[]"#, "0 models"), (#""models":[0,1]"#, #""models":[0,0]"#, "twice"),
    (#""models":[0,1]"#, #""models":[0,-1]"#, "model -1"),
    (#""models":[0,1]"#, #""models":[9223372036854775807]"#, "names model"),
    (#""samples":0"#, #""samples":0,"sketch":{"rows":9223372036854775807,"columns":9223372036854775807}"#, "sketch"),
    (#""samples":0"#, #""samples":0,"sketch":{"rows":0,"columns":-1}"#, "sketch"),
  ])
  func absurdNumbersAreAnsweredAndTheNextShardIsComputed(_ good: String, _ absurd: String, _ reason: String) throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    _ = try coordinator.greet()
    coordinator.say(.open(.init(run: "r", stores: records.map(\.store))))
    let honest = String(decoding: CoordinatorMessage.assign(assignment(1)).encoded(), as: UTF8.self)
    let hostile = honest.replacingOccurrences(of: good, with: absurd)
    try #require(hostile != honest, "\(honest)")
    coordinator.say(bytes: Array(hostile.utf8))
    guard case .failed(let failure) = try coordinator.nextAnswer() else {
      Issue.record("another message")
      return
    }
    #expect(failure.attempt == 1 && failure.message.contains(reason), "\(failure.message)")
    coordinator.say(.assign(assignment(2)))
    guard case .done(let receipt) = try coordinator.nextAnswer() else {
      Issue.record("another message")
      return
    }
    #expect(receipt.attempt == 2)
    coordinator.say(.finished)
    try worker.wait()
  }

  /// Whatever part of a matrix is asked for, with whatever is kept of it: an answer comes, and the next one too.
  @Test func partsThatBeginWithinARowAreAnswered() throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    _ = try coordinator.greet()
    coordinator.say(.open(.init(run: "r", stores: records.map(\.store))))
    var attempt = 0
    for part in [0..<1, 1..<2, 1..<384, 15..<17, 16..<383, 383..<384, 0..<384] {
      for sketch in [nil, SampleShape(rows: 1, columns: 1), SampleShape(rows: 24, columns: 16)] {
        attempt += 1
        var odd = assignment(attempt)
        (odd.start, odd.end) = (part.lowerBound, part.upperBound)
        odd.statistics = Statistics(rawValue: 255)
        (odd.samples, odd.spectrum, odd.sketch) = (SampleGrid.most, SpectrumGrid.largestSide, sketch)
        coordinator.say(.assign(odd))
        switch try coordinator.nextAnswer() {
        case .done(let receipt): #expect(receipt.attempt == attempt)
        case .failed(let failure): #expect(failure.attempt == attempt)
        case let other: Issue.record("\(other)")
        }
      }
    }
    coordinator.say(.finished)
    try worker.wait()
  }

  /// What is asked of a worker beyond all measure is refused, and it goes on with what it has.
  @Test func aRunTooManyIsNotOpenedAndItsShardsAreAnswered() throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    _ = try coordinator.greet()
    coordinator.say(.open(.init(run: "r", stores: records.map(\.store))))
    for number in 0..<Obligations.mostRuns { coordinator.say(.open(.init(run: "run \(number)", stores: []))) }
    coordinator.say(.assign(assignment(1, run: "run \(Obligations.mostRuns - 1)")))
    guard case .failed(let failure) = try coordinator.nextAnswer() else {
      Issue.record("another message")
      return
    }
    #expect(failure.message.contains("did not open its run"), "\(failure.message)")
    coordinator.say(.close(run: "run 0"))
    coordinator.say(.open(.init(run: "another", stores: records.map(\.store))))
    for (attempt, run) in ["r", "another"].enumerated() {
      coordinator.say(.assign(assignment(attempt, run: run)))
      guard case .done(let receipt) = try coordinator.nextAnswer() else {
        Issue.record("another message")
        return
      }
      #expect(receipt.run == run)
    }
    coordinator.say(.finished)
    try worker.wait()
  }

  /// They are logged a few times at most, and what comes after them is heard.
  @Test func messagesThatCannotBeReadDoNotStopAWorker() throws {
    let coordinator = try Coordinator(in: folder)
    let lines = Mutex(0)
    let worker = Running(coordinator.endpoint) { if $0.contains("ignored a message") { lines.withLock { $0 += 1 } } }
    _ = try coordinator.greet()
    coordinator.say(.open(.init(run: "r", stores: records.map(\.store))))
    for tag: UInt8 in [0, 2, 3, 7, 8, 9, 10, 11, 200, 255] {
      for body in ["", "{\"run\":1e99,\"shard\":[", "[[[["] { coordinator.say(bytes: [tag] + Array(body.utf8)) }
    }
    coordinator.say(.assign(assignment(3)))
    guard case .done(let receipt) = try coordinator.nextAnswer() else {
      Issue.record("another message")
      return
    }
    #expect(receipt.attempt == 3)
    coordinator.say(.finished)
    try worker.wait()
    #expect((1..<30).contains(lines.withLock { $0 }))
  }

  @Test func aCoordinatorThatForgotTheWorkerIsGreetedAgain() throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    _ = try coordinator.greet()
    coordinator.say(.whoAreYou)
    #expect(try coordinator.greet() > 0)
    coordinator.say(.finished)
    try worker.wait()
  }

  @Test func aRefusalEndsTheWorkerWithItsReason() throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    guard case .hello(let hello) = try coordinator.next().0 else {
      Issue.record("another message")
      return
    }
    #expect(hello.protocolVersion == WireProtocol.version && hello.threads == 1 && hello.memoryBytes.value == 1 << 24)
    coordinator.say(.reject(reason: "wrong\u{1b}version"))
    let error = try #require(failure { try worker.wait() })
    #expect(error.kind == .usage)
    #expect(error.message.contains("wrong\\u{1b}version"))
  }

  @Test func aWorkerThatIsStoppedSaysGoodbye() throws {
    let coordinator = try Coordinator(in: folder)
    let worker = Running(coordinator.endpoint)
    _ = try coordinator.greet()
    worker.stop()
    guard case .goodbye = try coordinator.next().0 else {
      Issue.record("another message")
      return
    }
    try worker.wait()
  }

  private func failure(_ body: () throws -> Void) -> Failure? { TestSupport.failure(of: body) }
}
