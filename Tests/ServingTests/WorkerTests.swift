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

    func say(_ message: CoordinatorMessage) { socket.send([worker, message.encoded()]) }

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

  /// A worker on a thread of its own.
  private final class Running: Sendable {
    private let ended = Promise<Void>()
    let stop: @Sendable () -> Void

    init(_ endpoint: String) {
      // A worker belongs to the thread that runs it, which takes it over here for good.
      let made = Promise<@Sendable () -> Void>()
      let thread = Thread { [ended] in
        let worker = Worker(
          .init(endpoint: endpoint, memoryBytes: 1 << 24, threads: 1, patience: .seconds(600)),
          logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
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
    coordinator.say(.revoke(run: "never opened", shard: ShardID(9), attempt: 1))
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
