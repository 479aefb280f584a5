import Lineage
import TestSeed
import Testing

/// What the growth of a table says of the order has to be as sure as it is right, however small the update.
@Suite struct TableGrowthTests {
  private static let length = 2048

  /// Rounded to 8 significant bits, as bf16 does.
  private static func rounded(_ weight: Double) -> Double {
    let bits = Float(weight).bitPattern
    return Double(Float(bitPattern: (bits &+ 0x8000) & 0xffff_0000))
  }

  /// The evidence for the first model, of a parent and its child in random order, and whether it is the parent.
  private static func pair(_ random: inout Seeded, by relative: Double, rounds: Bool) -> (nats: Double, isFirst: Bool) {
    let parent = random.weights(length).map { rounds ? rounded($0) : $0 }
    let update = random.weights(length)
    // The energy grows by half of the squared distance.
    let pull = 0.25 * relative * relative
    let child = zip(parent, update).map { weight, change in
      let moved = weight * (1 - pull) + relative * change
      return rounds ? rounded(moved) : moved
    }
    func energy(_ weights: [Double]) -> Double { weights.reduce(0) { $0 + $1 * $1 } }
    let apart = zip(parent, child).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let isFirst = random.normal() < 0
    let (first, second) = isFirst ? (parent, child) : (child, parent)
    var growth = TableGrowth()
    growth.add(first: energy(first), second: energy(second), apart: apart, elements: length)
    return (growth.evidence(strength: 6.8, .none), isFirst)
  }

  @Test(arguments: [3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3], [false, true])
  func whatIsCalledFirmIsRight(_ relative: Double, _ rounds: Bool) {
    var random = Seeded.fresh()
    let pairs = (0..<600).map { _ in Self.pair(&random, by: relative, rounds: rounds) }
    // 3 nats are 95 %: one in twenty may be wrong, and by chance a few more.
    let firm = pairs.filter { abs($0.nats) > 3 }
    let wrong = firm.filter { ($0.nats > 0) != $0.isFirst }.count
    #expect(Double(wrong) <= 0.05 * Double(firm.count) + 4, "\(wrong) of \(firm.count), seed \(random.seed)")
    let right = pairs.filter { ($0.nats > 0) == $0.isFirst }.count
    let found = "\(right) right, \(firm.count) firm, seed \(random.seed)"
    #expect(relative > 0.01 || firm.count < 12, "chance says nothing: \(found)")
    #expect(relative < 0.3 || (right > 585 && firm.count > 400), "growth says all: \(found)")
  }

  @Test func withoutChanceAndDecayTheFittedFunctionRemains() {
    for ratio in [-0.8, -0.3, 0.1, 0.5] {
      var growth = TableGrowth()
      growth.add(first: 100, second: 100 + ratio, apart: 1, elements: .max)
      let (small, large) = (growth.evidence(strength: 2, .none), growth.evidence(strength: 6.8, .none))
      #expect(abs(large / small - 3.4) < 1e-6 && (large > 0) == (ratio > 0))
      #expect(growth.ratio(decay: 0).map { abs($0 - ratio) < 1e-9 } == true)
    }
  }

  /// A decay that rounding hides may have taken what the table grew.
  @Test func decayThatMayBeHiddenSpeaksForNobody() {
    var growth = TableGrowth()
    growth.add(first: 1000, second: 1000 - 0.5, apart: 1, elements: 1 << 30)
    let hidden = (0..<9).map { (value: -0.002 * Double($0) / 8, probability: 1.0 / 9) }
    let sure = growth.evidence(strength: 6.8, .none)
    let unsure = growth.evidence(strength: 6.8, .init(forward: hidden, backward: hidden, variance: 0))
    #expect(sure < -6 && abs(unsure) < 3)
  }
}
