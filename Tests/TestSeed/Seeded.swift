internal import Foundation

/// Random numbers that a failed test can be run with again: the seed is printed, and
/// `MODELTREE_TEST_SEED` sets it.
package struct Seeded: RandomNumberGenerator {
  package let seed: UInt64
  private var state: UInt64

  package init(_ seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// A new seed for each run.
  package static func fresh(_ test: String = #function) -> Seeded {
    let wanted = ProcessInfo.processInfo.environment["MODELTREE_TEST_SEED"].flatMap { UInt64($0) }
    let seed = wanted ?? UInt64.random(in: 0..<1_000_000_000)
    print("\(test): MODELTREE_TEST_SEED=\(seed)")
    return Seeded(seed)
  }

  /// Does something hold in at least eight of ten draws? For what is true of nearly all draws: chance that spoils one in
  /// a hundred spoils three of ten once in ten thousand times, and what is broken spoils most.
  package mutating func mostly(_ holds: (inout Seeded) throws -> Bool) rethrows -> Bool {
    var spoiled = 0
    for _ in 0..<10 where try !holds(&self) { spoiled += 1 }
    if spoiled > 0 { print("did not hold in \(spoiled) of 10 draws, seed \(seed)") }
    return spoiled <= 2
  }

  /// SplitMix64.
  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A draw from the standard normal distribution (Box, Muller 1958).
  package mutating func normal() -> Double {
    let radius = (-2 * Foundation.log(Double.random(in: 0x1p-53...1, using: &self))).squareRoot()
    return radius * Foundation.cos(2 * .pi * Double.random(in: 0..<1, using: &self))
  }
}

extension Seeded {
  package static func exponential(_ value: Double) -> Double { Foundation.exp(value) }
}
