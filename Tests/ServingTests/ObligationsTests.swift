import Core
import Serving
import TestSeed
import Testing
import Wire

/// What a coordinator can make a worker remember has an end.
@Suite struct ObligationsTests {
  private func run(_ name: String) -> CoordinatorMessage.Run { .init(run: name, stores: ["/\(name)"]) }
  private func shard(_ number: Int, of run: String = "r") -> AssignmentID {
    AssignmentID(run: run, shard: ShardID(number), attempt: 1)
  }

  @Test func shardsBeyondTheMostAreRefusedUntilOneIsDone() {
    var kept = Obligations(mostShards: 3)
    #expect(kept.answer(to: shard(0), bytes: 10) == .ignore, "a run that nobody opened")
    let isOpen = kept.open(run("r"), bytes: 10)
    #expect(isOpen)
    for number in 0..<3 {
      #expect(kept.answer(to: shard(number), bytes: 10) == .take)
      kept.take(shard(number), weights: number, bytes: 10)
    }
    #expect(kept.answer(to: shard(2), bytes: 10) == .ignore, "it is under way")
    guard case .refuse(let reason) = kept.answer(to: shard(3), bytes: 10) else {
      Issue.record("a fourth shard was taken")
      return
    }
    #expect(reason.contains("3 shards under way"))
    let ends = [kept.end(shard(1)), kept.end(shard(1))]
    #expect(ends == [1, nil])
    #expect(kept.answer(to: shard(3), bytes: 10) == .take)
    #expect(kept.answer(to: shard(3), bytes: Obligations.mostShardBytes) != .take, "too long a message")
  }

  @Test func runsBeyondTheMostAreNotOpened() {
    var kept = Obligations(mostShards: 3)
    let tooLong = kept.open(run("long"), bytes: Obligations.mostRunBytes + 1)
    #expect(!tooLong)
    guard case .refuse = kept.answer(to: shard(0, of: "long"), bytes: 1) else {
      Issue.record("nobody hears that the run is not open")
      return
    }
    let half = kept.open(run("half"), bytes: Obligations.mostRunBytes / 2)
    let inPlaceOfItself = kept.open(run("half"), bytes: Obligations.mostRunBytes)
    let oneByteMore = kept.open(run("r"), bytes: 1)
    #expect(half && inPlaceOfItself && !oneByteMore)
    let closed = [kept.close("half"), kept.close("half")]
    #expect(closed == [["/half"], nil])
    let opened = (0..<Obligations.mostRuns).map { kept.open(run("\($0)"), bytes: 1) }
    let oneMore = kept.open(run("r"), bytes: 1)
    #expect(opened.allSatisfy { $0 } && !oneMore)
    kept.forget()
    let again = kept.open(run("r"), bytes: 1)
    #expect(again && kept.stores(of: "r") == ["/r"] && kept.stores(of: "0") == nil)
  }

  /// Whatever comes in whatever order, the sums agree with what is kept: at the end nothing is.
  @Test func nothingIsLostFromTheCount() {
    var random = Seeded.fresh()
    var kept = Obligations(mostShards: 8)
    _ = kept.open(run("r"), bytes: 1)
    var under: [Int: Int] = [:]
    for _ in 0..<2000 {
      let number = Int.random(in: 0..<16, using: &random)
      let bytes = Int.random(in: 1...Obligations.mostShardBytes / 2, using: &random)
      if Bool.random(using: &random) {
        let fits = under.count < 8 && bytes <= Obligations.mostShardBytes - under.values.reduce(0, +)
        let answer = kept.answer(to: shard(number), bytes: bytes)
        #expect((answer == .take) == (under[number] == nil && fits), "seed \(random.seed)")
        guard answer == .take else { continue }
        kept.take(shard(number), weights: number, bytes: bytes)
        under[number] = bytes
      } else {
        let (ended, known) = (kept.end(shard(number)), under.removeValue(forKey: number))
        #expect((ended != nil) == (known != nil), "seed \(random.seed)")
      }
      #expect(kept.count == under.count)
    }
  }
}
