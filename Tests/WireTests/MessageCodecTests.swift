import Core
import Foundation
import System
import TestSeed
import Testing
import Wire

@Suite struct MessageCodecTests {
  @Test func everyMessageComesBackAsItWasSent() throws {
    for (message, _) in Samples.workers {
      #expect(try WorkerMessage(decoding: message.encoded()) == message)
    }
    for (message, _) in Samples.coordinators {
      #expect(try CoordinatorMessage(decoding: message.encoded()) == message)
    }
  }

  /// Another version of the program must read them, so they never change.
  @Test func theBytesOfEveryMessageAreFixed() throws {
    #expect(Set(Samples.workers.compactMap(\.bytes.utf8.first)) == Set(1...7))
    #expect(Set(Samples.coordinators.compactMap(\.bytes.utf8.first)) == Set(1...10))
    for (message, bytes) in Samples.workers {
      #expect(String(decoding: message.encoded(), as: UTF8.self) == bytes)
      #expect(try WorkerMessage(decoding: Array(bytes.utf8)) == message)
    }
    for (message, bytes) in Samples.coordinators {
      #expect(String(decoding: message.encoded(), as: UTF8.self) == bytes)
      #expect(try CoordinatorMessage(decoding: Array(bytes.utf8)) == message)
    }
  }

  @Test func everyTruncationIsRefused() {
    for (message, _) in Samples.workers {
      let frame = message.encoded()
      for length in frame.indices {
        #expect(throws: WireError.self, "\(message) cut to \(length)") {
          try WorkerMessage(decoding: Array(frame[..<length]))
        }
      }
    }
    for (message, _) in Samples.coordinators {
      let frame = message.encoded()
      for length in frame.indices {
        #expect(throws: WireError.self, "\(message) cut to \(length)") {
          try CoordinatorMessage(decoding: Array(frame[..<length]))
        }
      }
    }
  }

  @Test func unknownTagsAreNamed() {
    for tag in [UInt8(0), 11, 12, 128, 255] {
      let fromWorker = #expect(throws: WireError.self) { try WorkerMessage(decoding: [tag, 0x33]) }
      #expect(fromWorker?.description == "unknown message type \(tag) from a worker")
      let other = #expect(throws: WireError.self) { try CoordinatorMessage(decoding: [tag]) }
      #expect(other?.description == "unknown message type \(tag) from the coordinator")
    }
  }

  @Test(arguments: [
    "{\"bytesRead\":1}", "{\"bytesRead\":1,\"residentBytes\":\"2\"}", "[1,2]", "null",
    "{\"bytesRead\":1.5,\"residentBytes\":2}", "{\"bytesRead\":99999999999999999999,\"residentBytes\":2}",
    "{\"bytesRead\":1,\"residentBytes\":2}}",
  ])
  func bodiesOfTheWrongFormAreRefused(body: String) {
    #expect(throws: WireError.self) { try WorkerMessage(decoding: [5] + Array(body.utf8)) }
  }

  @Test(arguments: ["[-1]", "[4294967296,4294967296]", "\"x\"", "[1.5]"])
  func impossibleShapesAreRefused(shape: String) throws {
    let good = try #require(Samples.coordinators.first { $0.bytes.utf8.first == 3 }).bytes
    let bad = good.replacingOccurrences(of: "[64,32]", with: shape)
    #expect(bad != good)
    #expect(throws: WireError.self) { try CoordinatorMessage(decoding: Array(bad.utf8)) }
  }

  @Test(arguments: [
    "{\"count\":3,\"first\":4,\"pieces\":8}", "{\"count\":2,\"first\":8,\"pieces\":8}",
    "{\"count\":2,\"first\":-2,\"pieces\":8}",
    "{\"count\":64,\"first\":0,\"pieces\":64}", "{\"count\":2,\"first\":4}", "[2,4,8]", "7",
    "{\"count\":9223372036854775807,\"first\":9223372036854775807,\"pieces\":9223372036854775807}",
  ])
  func impossiblePartsAreRefused(part: String) {
    for bytes in Samples.workers.map(\.bytes) + Samples.coordinators.map(\.bytes) {
      let bad = bytes.replacingOccurrences(of: "{\"count\":2,\"first\":4,\"pieces\":8}", with: part)
      guard bad != bytes else { continue }
      let isCoordinators = Samples.coordinators.contains { $0.bytes == bytes }
      #expect(throws: WireError.self) {
        if isCoordinators {
          _ = try CoordinatorMessage(decoding: Array(bad.utf8))
        } else {
          _ = try WorkerMessage(decoding: Array(bad.utf8))
        }
      }
    }
  }

  @Test func oversizedFramesAreNotLookedAt() {
    let frame = [UInt8](repeating: 6, count: WireProtocol.largestControlBytes + 1)
    #expect(throws: WireError.self) { try WorkerMessage(decoding: frame) }
    #expect(throws: WireError.self) { try CoordinatorMessage(decoding: frame) }
  }

  @Test func deeplyNestedBodiesAreRefused() {
    let body = Array(repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: WireError.self) { try WorkerMessage(decoding: [1] + body) }
  }

  @Test func randomBytesNeverCrash() {
    var random = Seeded.fresh()
    for _ in 0..<20_000 {
      var frame = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      if !frame.isEmpty { frame[0] = UInt8.random(in: 0...8, using: &random) }
      _ = try? WorkerMessage(decoding: frame)
      _ = try? CoordinatorMessage(decoding: frame)
    }
  }

  /// Near misses get further into the decoder than noise does.
  @Test func damagedMessagesDecodeOrThrow() {
    var random = Seeded.fresh()
    let frames =
      Samples.workers.map { $0.message.encoded() }
      + Samples.coordinators.map { $0.message.encoded() }
    for _ in 0..<10_000 {
      var frame = frames[Int.random(in: 0..<frames.count, using: &random)]
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        frame[Int.random(in: 0..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      // What does decode must encode again.
      if let message = try? WorkerMessage(decoding: frame) { #expect(!message.encoded().isEmpty) }
      if let message = try? CoordinatorMessage(decoding: frame) { #expect(!message.encoded().isEmpty) }
    }
  }

  @Test func anyTextSurvivesTheJourney() throws {
    for text in ["", "\0", "\"\\\n", "模型 🤖 e\u{301}", String(repeating: "x", count: 100_000)] {
      let message = CoordinatorMessage.reject(reason: text)
      #expect(try CoordinatorMessage(decoding: message.encoded()) == message)
    }
  }
}
