import Core
import System
import TestSeed
import Testing

@Suite struct RateTests {
  @Test(arguments: [
    ("500MB/s", 500_000_000), ("500MB", 500_000_000), ("1GiB/s", 1 << 30), ("80 MB/s", 80_000_000), ("1k/s", 1024),
  ])
  func readsWhatPeopleWrite(text: String, bytes: Int) {
    #expect(ByteRate(text)?.bytesPerSecond == bytes)
  }

  @Test(arguments: ["", "/s", "0", "0MB/s", "-1MB/s", "MB/s", "5MB/m", "5MB/s/s", "fast", "5Mbit/s"])
  func refusesWhatIsNoRate(text: String) { #expect(ByteRate(text) == nil) }

  /// Many takers with amounts and pauses at random: whatever stretch of time one looks at, no more
  /// than the rate and one burst come through.
  @Test func noStretchOfTimeLetsThroughMoreThanTheRateAndABurst() {
    let (rate, burst) = (1000.0, 100.0)
    for seed in UInt64(1)...20 {
      var random = Seeded(seed)
      var bucket = TokenBucket(perSecond: rate, burst: burst)
      var takers = Array(repeating: Duration.zero, count: 4)
      var used: [(at: Duration, amount: Double)] = []
      for _ in 0..<500 {
        // The taker that is free first takes next, as clocks only go forward.
        let next = takers.indices.min { takers[$0] < takers[$1] } ?? 0
        let amount = Double.random(in: 1...burst, using: &random)
        let at = takers[next] + bucket.take(amount, at: takers[next])
        used.append((at, amount))
        let pause = Double.random(in: 0...1, using: &random)
        takers[next] = at + .seconds(pause < 0.9 ? 0.01 * pause : pause)
      }
      used.sort { $0.at < $1.at }
      var worst = 0.0
      for first in used.indices {
        var sum = 0.0
        for last in first..<used.count {
          sum += used[last].amount
          worst = max(worst, sum - rate * ((used[last].at - used[first].at) / .seconds(1)))
        }
      }
      #expect(worst <= burst + 1e-6, "seed \(seed)")
      // Nobody waits for nothing: takers that never pause get the whole rate.
      var greedy = TokenBucket(perSecond: rate, burst: burst)
      var now = Duration.zero
      for _ in 0..<100 { now += greedy.take(50, at: now) }
      #expect(abs(now / .seconds(1) - (100 * 50 - burst) / rate) < 1e-6)
    }
  }

  @Test func aRestIsWorthOneBurstAtMost() {
    var bucket = TokenBucket(perSecond: 10, burst: 5)
    #expect(bucket.take(5, at: .zero) == .zero)
    #expect(bucket.take(5, at: .seconds(1000)) == .zero)
    #expect(bucket.take(5, at: .seconds(1000)) == .seconds(0.5))
    #expect(bucket.take(5, at: .seconds(1000)) == .seconds(1))
    // A clock that steps back gives nothing.
    #expect(bucket.take(5, at: .seconds(999)) == .seconds(1.5))
  }
}
