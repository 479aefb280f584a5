import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct RoundingTests {
  /// Two models' submatrix.
  static func block(_ first: [Double], _ second: [Double], columns: Int = 64) -> SampleBlock {
    var block = SampleBlock(shape: SampleShape(rows: first.count / columns, columns: columns), models: 2)
    block.values = (first + second).map { Float($0) }
    return block
  }

  static func verdict(_ first: [Double], _ second: [Double]) -> Int {
    var tally = Rounding.Tally()
    for _ in 0..<2 where !tally.isRefuted { Rounding.compare(block(first, second), 0, 1, into: &tally) }
    return tally.verdict
  }

  /// Integers of so many bits, a scale for each group of columns.
  static func integers(_ weights: [Double], bits: Int, group: Int) -> [Double] {
    let top = Double(1 << (bits - 1) - 1)
    return stride(from: 0, to: weights.count, by: group).flatMap { start in
      let cells = weights[start..<start + group]
      let scale = (cells.map(abs).max() ?? 1) / top
      return cells.map { ($0 / scale).rounded() * scale }
    }
  }

  /// Three bits of mantissa, as in fp8 E4M3.
  static func eighths(_ value: Double) -> Double {
    guard value != 0 else { return 0 }
    let step = Double(sign: .plus, exponent: value.exponent - 3, significand: 1)
    return (value / step).rounded() * step
  }

  @Test(arguments: [(8, 64), (4, 64), (4, 32), (3, 32)])
  func integersAreSeenAsRoundingAndOneWay(bits: Int, group: Int) {
    var random = Seeded.fresh()
    let weights = random.weights(4096)
    let copy = Self.integers(weights, bits: bits, group: group)
    #expect(Self.verdict(weights, copy) == 1, "seed \(random.seed)")
    #expect(Self.verdict(copy, weights) == -1, "seed \(random.seed)")
  }

  @Test func shorterFloatsAreSeenAsRounding() {
    var random = Seeded.fresh()
    let weights = random.weights(4096)
    let copy = weights.map(Self.eighths)
    #expect(Self.verdict(weights, copy) == 1 && Self.verdict(copy, weights) == -1, "seed \(random.seed)")
  }

  @Test func trainingIsNoRounding() {
    var random = Seeded.fresh()
    let weights = random.weights(4096)
    for size in [1e-4, 1e-2, 0.3] {
      #expect(Self.verdict(weights, random.trained(weights, by: size)) == 0, "seed \(random.seed)")
    }
    // Two roundings of relatives: both have ties.
    let other = random.trained(weights, by: 0.05)
    let rounded = [weights, other].map { Self.integers($0, bits: 4, group: 64) }
    #expect(Self.verdict(rounded[0], rounded[1]) == 0, "seed \(random.seed)")
    #expect(Self.verdict(weights, weights) == 0)
  }
}
