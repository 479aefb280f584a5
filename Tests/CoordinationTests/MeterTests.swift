import Coordination
import Logging
import Monitoring
import Scheduling
import Testing

/// What is shown of the pool, from numbers alone.
@Suite struct MeterTests {
  @Test func aFewWarningsAtOnceThenOneEveryTenSeconds() {
    let lines = Lines()
    var limited = RateLimitedLogger(lines.logger)
    for _ in 0..<100 { limited.warning("noise", [:], at: .seconds(1)) }
    #expect(lines.of(.warning).count == 10)
    limited.warning("noise", [:], at: .seconds(6))
    #expect(lines.of(.warning).count == 10)
    limited.warning("noise", ["a": "b"], at: .seconds(11))
    #expect(lines.of(.warning).count == 11)
    #expect(lines.of(.warning).last == "noise a=b messages.left_out=91")
  }

  @Test func aRateCoversTheLastHalfMinute() {
    var meter = RateMeter()
    #expect(meter.rate(at: .zero) == 0)
    for second in 0...100 { meter.add(second < 50 ? 1000 * second : 50_000 + 10 * (second - 50), at: .seconds(second)) }
    #expect(meter.rate(at: .seconds(100)) == 10)
    // A smaller total begins anew.
    meter.add(5, at: .seconds(101))
    #expect(meter.rate(at: .seconds(101)) == 0)
  }

  @Test func noRateIsAbsurd() {
    var meter = RateMeter()
    meter.add(0, at: .zero)
    meter.add(.max, at: .nanoseconds(1))
    #expect(meter.rate(at: .nanoseconds(1)) == 1e15)
  }

  @Test func aWorkerThatOutlivedACoordinatorBringsNoRateAlong() {
    var observed = ObservedBytes()
    observed.add(26_000_000_000)
    #expect(observed.value == 0)
    observed.add(26_000_060_000)
    #expect(observed.value == 60_000)
    observed.add(500)
    #expect(observed.value == 0, "it began anew")
  }

  @Test func theHistoryStaysShort() {
    var history = ThroughputHistory()
    for second in 1...5000 { history.add(bytes: 100 * second, workers: 3, at: .seconds(second)) }
    #expect(history.points.count <= 401)
    #expect(history.points.allSatisfy { $0.bytesPerSecond == 100 && $0.workers == 3 })
    #expect(zip(history.points, history.points.dropFirst()).allSatisfy { $0.seconds < $1.seconds })
  }

  @Test func aMapShowsTheWorstOfEachCell() {
    let states: [Scheduler.State] = [.done, .leased, .pending, .setAside, .done]
    #expect(ShardMap.text(states[...]) == ("#o.x#", 1))
    #expect(ShardMap.text(states[2...]) == (".x#", 1))
    var many = Array(repeating: Scheduler.State.done, count: 10_000)
    many[5001] = .pending
    many[5002] = .leased
    let (map, perCell) = ShardMap.text(many[...])
    #expect(perCell == 3 && map.count == 3334)
    #expect(map.count { $0 != "#" } == 1 && map.contains("o"))
  }
}
