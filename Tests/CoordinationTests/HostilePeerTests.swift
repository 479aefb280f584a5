import Coordination
import Core
import Logging
import Monitoring
import System
import Testing
import Wire

/// What peers say over a real socket, however absurd, costs a line in the log and nothing else.
@Suite struct HostilePeerTests {
  private static let largest = "9223372036854775807"

  private static func frame(_ tag: UInt8, _ body: String) -> [UInt8] { [tag] + Array(body.utf8) }

  static let absurd: [[UInt8]] = [
    frame(2, largest), frame(2, "-1"),
    frame(3, #"{"attempt":1,"bytesRead":\#(largest),"run":"r","seconds":1,"shard":0}"#),
    frame(3, #"{"attempt":1,"bytesRead":1,"run":"r","seconds":1e300,"shard":0}"#),
    frame(3, #"{"attempt":1,"bytesRead":1,"run":"r","seconds":-1,"shard":0}"#),
    frame(5, #"{"bytesRead":\#(largest),"residentBytes":1,"slowest":[]}"#),
    frame(5, #"{"bytesRead":-5,"residentBytes":1,"slowest":[]}"#),
    frame(5, #"{"bytesRead":1,"residentBytes":\#(largest),"slowest":[]}"#),
    frame(5, #"{"bytesRead":1,"residentBytes":1,"slowest":[{"bytes":\#(largest),"file":"a","seconds":1}]}"#),
    frame(5, #"{"bytesRead":1,"residentBytes":1,"slowest":[{"bytes":1,"file":"a","seconds":1e308}]}"#),
    // Texts are kept as well.
    frame(
      5,
      #"{"bytesRead":1,"residentBytes":1,"slowest":[{"bytes":1,"file":"\#(String(repeating: "a", count: 5000))","seconds":1}]}"#
    ),
    frame(4, #"{"attempt":1,"message":"\#(String(repeating: "a", count: 40_000))","run":"r","shard":0}"#),
  ]

  @Test(arguments: HostilePeerTests.absurd)
  func anAbsurdNumberIsRefusedWithOneLine(frame: [UInt8]) throws {
    let pool = try Pool(shards: 2)
    pool.begin()
    let peer = try Peer(pool)
    try peer.join(1)
    peer.send(raw: frame)
    _ = try peer.wait { if case .reject = $0 { true } else { false } }
    #expect(pool.lines.of(.warning).count == 1, "\(pool.lines.of(.warning))")
    #expect(try Peer(pool).status().workers.isEmpty)
  }

  /// Numbers as large as they may be, by many peers that leave, over and over: the sums stop at the bound.
  @Test func theLargestNumbersAddUpWithoutOverflow() throws {
    let pool = try Pool(shards: 2)
    pool.begin()
    let most = 1 << 53
    let pace = WorkerMessage.Heartbeat.Pace(file: "slow", bytes: most, seconds: 1e9)
    for process in 1...20 {
      let peer = try Peer(pool)
      try peer.join(process)
      for _ in 0..<2 {
        peer.send(.heartbeat(.init(bytesRead: most, residentBytes: most, slowest: [pace, pace, pace])))
      }
      peer.send(.goodbye)
    }
    // Each asks once: who asks too often is not answered.
    var status = try Peer(pool).status()
    while !status.workers.isEmpty { status = try Peer(pool).status() }
    #expect(status.slowestFiles.first.map { $0.bytes } == most)
    #expect(status.bytesPerSecond <= 1e15)
  }

  @Test func numbersOfShardsAndAttemptsThatAreNoneAreNotAdded() throws {
    let pool = try Pool(shards: 2)
    pool.begin()
    for shard in ["-1", "2", Self.largest, "-9223372036854775808"] {
      let peer = try Peer(pool)
      try peer.join(7)
      peer.send(.ready(credit: 1))
      guard case .open(let run) = try peer.wait(for: { if case .open = $0 { true } else { false } }) else { continue }
      let body = #"{"attempt":\#(Self.largest),"bytesRead":1,"run":"\#(run.run)","seconds":1,"shard":\#(shard)}"#
      peer.send(
        raw: Self.frame(4, #"{"attempt":\#(Self.largest),"message":"x","run":"\#(run.run)","shard":\#(shard)}"#))
      peer.send(raw: Self.frame(3, body))
      _ = try peer.wait { if case .reject = $0 { true } else { false } }
    }
    #expect(pool.lines.of(.warning).count == 4)
  }

  /// Thirty that ask for a million shards and compute none do not keep the one that computes from finishing.
  @Test func hoardersDoNotStopTheRun() throws {
    let pool = try Pool(shards: 60)
    pool.begin()
    let hoarders = try (1...30).map { number in
      let peer = try Peer(pool)
      try peer.join(number, threads: 64)
      peer.send(.ready(credit: 1_000_000))
      return peer
    }
    let worker = try Peer(pool)
    try worker.join(99)
    worker.send(.ready(credit: 4))
    var answered = 0
    while try pool.finished().count < 60 {
      let message = try worker.wait {
        switch $0 {
        case .assign, .close: true
        default: false
        }
      }
      guard case .assign(let assignment) = message else { break }
      let receipt = WorkerMessage.Receipt(
        run: assignment.run, shard: assignment.shard, attempt: assignment.attempt, bytesRead: 256, seconds: 0.001)
      worker.send(.done(receipt), pool.answer(to: assignment.shard))
      worker.send(.ready(credit: 1))
      for hoarder in hoarders { hoarder.send(.heartbeat(.init(bytesRead: 1, residentBytes: 1))) }
      answered += 1
    }
    #expect(try pool.result().outcome == .finished)
    #expect(answered >= 60)
  }
}
