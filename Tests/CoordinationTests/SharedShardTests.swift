import Coordination
import Core
import Logging
import Planning
import System
import Testing
import Wire

/// Shards that several workers share, over a real socket.
@Suite struct SharedShardTests {
  /// Enough models that a small matrix is cut into pieces.
  private func pool() throws -> Pool {
    let pool = try Pool(shards: 1, models: 700, extents: [266, 266])
    #expect(pool.plan.shards.map(\.pieces) == [4])
    pool.begin()
    return pool
  }

  private func assignment(_ peer: Peer) throws -> CoordinatorMessage.Assignment? {
    let message = try peer.wait {
      switch $0 {
      case .assign, .close: true
      default: false
      }
    }
    guard case .assign(let assignment) = message else { return nil }
    return assignment
  }

  private func receipt(_ assignment: CoordinatorMessage.Assignment) -> WorkerMessage {
    .done(
      .init(
        run: assignment.run, shard: assignment.shard, part: assignment.part, attempt: assignment.attempt,
        bytesRead: assignment.coordinates.count, seconds: 0.5))
  }

  @Test func partsOfSeveralWorkersAddUpToOneEntryOfTheJournal() throws {
    let pool = try pool()
    let peers = try (1...2).map { number in
      let peer = try Peer(pool)
      try peer.join(number)
      peer.send(.ready(credit: 1))
      return peer
    }
    var parts: [ShardPart] = []
    var first = try peers.map { try #require(try assignment($0)) }
    #expect(first.allSatisfy { $0.part?.isWhole == false })
    for (peer, own) in zip(peers, first) {
      parts.append(own.computed)
      peer.send(receipt(own), pool.answer(to: own.shard, own.part))
    }
    first = []
    peers[0].send(.ready(credit: 1))
    while let own = try assignment(peers[0]) {
      parts.append(own.computed)
      peers[0].send(receipt(own), pool.answer(to: own.shard, own.part))
      peers[0].send(.ready(credit: 1))
    }
    #expect(try pool.result().outcome == .finished)
    #expect(parts.reduce(0) { $0 + $1.count } == 4)
    let whole = try #require(try pool.recorded(ShardID(0)))
    #expect(whole.l2.allSatisfy { $0 == 266 * 266 } && whole.moments.allSatisfy { $0.count == 266 * 266 })
  }

  @Test func whoAnswersForAPartThatItWasNotGivenIsThrownOut() throws {
    let pool = try pool()
    let peer = try Peer(pool)
    try peer.join(1)
    peer.send(.ready(credit: 1))
    var own = try #require(try assignment(peer))
    for part in [nil, ShardPart(wholeOf: 4), ShardPart(wholeOf: 8), ShardPart(pieces: 4, first: 3, count: 1)] {
      let stranger = try Peer(pool)
      try stranger.join(2)
      own.part = part
      stranger.send(receipt(own), pool.answer(to: own.shard))
      _ = try stranger.wait { if case .reject = $0 { true } else { false } }
    }
    #expect(pool.lines.of(.warning).count == 4)
    #expect(try pool.finished().isEmpty)
  }
}
