import Compute
import Testing

/// How much work a worker asks for.
struct CreditControllerTests {
  /// Asks once, is given all of it, and so on; shards of some weights each.
  private func underWay(_ appetite: inout CreditController, weights: Int, seconds: Double, threads: Int) -> Int {
    var held = 0
    for _ in 0..<1000 {
      let credit = appetite.credit()
      for _ in 0..<credit { appetite.wasGiven(weights: weights) }
      held += credit
      appetite.isDone(weights: weights, in: seconds)
      held -= 1
    }
    return held
  }

  @Test func nothingIsAskedForBeforeTheWelcomeOrAfterBeingForgotten() {
    var appetite = CreditController(threads: 2)
    #expect(appetite.credit() == 0)
    appetite.wake()
    #expect(appetite.credit() == 8)
    #expect(appetite.credit() == 0, "it was asked for already")
    appetite.forget()
    #expect(appetite.credit() == 0)
    appetite.wake()
    #expect(appetite.credit() == 8)
  }

  @Test(arguments: [1, 2, 16]) func ofLargeShardsFewAreUnderWay(_ threads: Int) {
    var appetite = CreditController(threads: threads)
    appetite.wake()
    let held = underWay(&appetite, weights: 1 << 26, seconds: 0.1, threads: threads)
    #expect(held == 4 * threads - 1)
    #expect(!appetite.isSated)
  }

  @Test(arguments: [1, 2, 16]) func ofSmallShardsSomeMillisecondsWorthAreUnderWay(_ threads: Int) {
    var appetite = CreditController(threads: threads)
    appetite.wake()
    let held = underWay(&appetite, weights: 1 << 15, seconds: 0.001, threads: threads)
    #expect((40 * threads...60 * threads) ~= held, "\(held)")
    #expect(appetite.isSated)
  }

  @Test func ofTheSmallestNotMoreThanALimit() {
    var appetite = CreditController(threads: 1)
    appetite.wake()
    let held = underWay(&appetite, weights: 1, seconds: 1e-6, threads: 1)
    #expect((100...132) ~= held, "\(held)")
  }

  /// What the next shards are like is not known when they are asked for.
  @Test func largeShardsAfterSmallOnesDoNotPileUp() {
    var appetite = CreditController(threads: 1)
    appetite.wake()
    _ = underWay(&appetite, weights: 1 << 12, seconds: 0.0002, threads: 1)
    var large = 0
    for _ in 0..<100 {
      let credit = appetite.credit()
      for _ in 0..<credit { appetite.wasGiven(weights: 1 << 26) }
      large += credit
    }
    #expect(large <= 4)
  }

  @Test func whatIsTakenBackIsAskedForAgain() {
    var appetite = CreditController(threads: 1)
    appetite.wake()
    for _ in 0..<appetite.credit() { appetite.wasGiven(weights: 10) }
    #expect(appetite.credit() == 0)
    appetite.isDone(weights: 10, in: nil)
    #expect(appetite.credit() == 1)
  }
}
