import Core
import Kernels
import System
import TestSeed
import Testing

/// Moments are summed in one pass about a shift; what does not suit that way must come out as well.
@Suite struct OnePassMomentsTests {
  /// Sums of powers about the mean, in two passes over doubles.
  private struct Central {
    let count: Double
    let mean: Double
    private let values: [Double]

    init(_ values: [Double]) {
      self.values = values
      count = Double(values.count)
      let pivot = values[0]
      mean = pivot + values.reduce(0) { $0 + ($1 - pivot) } / count
    }

    /// The same without signs.
    func size(_ power: Int) -> Double {
      values.reduce(0) { sum, value in
        sum + (0..<power).reduce(1.0) { product, _ in product * abs(value - mean) }
      }
    }

    func sum(_ power: Int) -> Double {
      values.reduce(0) { sum, value in
        sum + (0..<power).reduce(1.0) { product, _ in product * (value - mean) }
      }
    }
  }

  private func check(
    _ values: [Double], _ type: ElementType, _ note: String, seed: UInt64
  ) {
    let weights = Weights(values, type)
    let found = accumulate([weights, weights]).moments[0]
    let expected = Central(weights.values)
    let (m2, m4) = (expected.sum(2), expected.sum(4))
    let sigma = (m2 / expected.count).squareRoot()
    let comment: Comment = "\(note) in \(type), seed \(seed)"
    #expect(found.count == expected.count, comment)
    #expect(abs(found.mean - expected.mean) <= 1e-13 * abs(expected.mean) + 1e-12 * sigma, comment)
    // What doubles leave of a deviation from a mean that is far larger.
    let rounding = sigma > 0 ? 1e-15 * (expected.mean / sigma).magnitude : 0
    #expect(abs(found.m2 - m2) <= (1e-11 + 10 * rounding) * m2, comment)
    // Third powers of both signs cancel; each is right to its own size.
    #expect(abs(found.m3 - expected.sum(3)) <= (1e-6 + 10 * rounding) * expected.size(3), comment)
    #expect(abs(found.m4 - m4) <= (1e-6 + 10 * rounding) * m4, comment)
    #expect(found.minimum == weights.values.min() && found.maximum == weights.values.max(), comment)
    #expect(found.zeros == UInt64(weights.values.count { $0 == 0 }), comment)
    #expect(found.notFinite == 0, comment)
  }

  @Test(arguments: [ElementType.f32, .bf16, .f16])
  func weightsAroundAnyMeanKeepTheirDigits(type: ElementType) {
    var random = Seeded.fresh()
    for mean in [0, 0.01, -0.02, 0.03, 0.1, 1, -3, 50] {
      for count in [17, 1024, 10_000] {
        let values = (0..<count).map { _ in mean + 0.02 * random.normal() }
        check(values, type, "mean \(mean), \(count) weights", seed: random.seed)
      }
    }
  }

  /// Only runs that reach beyond the known extremes are searched for new ones: none may be missed that
  /// exceeds them by one unit in the last place, on one side or both.
  @Test(arguments: [(ElementType.f32, 0x1p-23), (.bf16, 0x1p-7), (.f16, 0x1p-10)])
  func extremesAreFoundHoweverLittleTheyExceedThoseBefore(type: ElementType, unit: Double) {
    var random = Seeded.fresh()
    for mean in [0, 0.01, 1, -3] {
      for (below, above) in [(1.0, 1.0), (0, 1), (1, 0)] {
        var (low, high) = (mean - 0.15, mean + 0.15)
        var values: [Double] = []
        for _ in 0..<12 {
          var run = (0..<1024).map { _ in mean + 0.02 * random.normal() }
          run[Int.random(in: 0..<512, using: &random)] = low
          run[Int.random(in: 512..<1024, using: &random)] = high
          low -= below * unit * abs(low)
          high += above * unit * abs(high)
          values += run
        }
        check(values, type, "mean \(mean), \(below) below, \(above) above", seed: random.seed)
      }
    }
  }

  /// Runs that do not fit the shift move it; those before and after must not be lost or doubled.
  @Test func aMeanThatJumpsBetweenRunsIsFollowed() {
    var random = Seeded.fresh()
    for jumps in [[0, 1, 0, 1, 0], [1, 1, 0, -1, -1], [0, 0, 5, 5, 5], [3, 2, 1, 0, 0]] {
      let values = jumps.flatMap { jump in (0..<1024).map { _ in Double(jump) + 0.02 * random.normal() } }
      check(values, .f32, "jumps \(jumps)", seed: random.seed)
      check(Array(values.dropLast(1000)), .f32, "jumps \(jumps), cut", seed: random.seed)
    }
  }

  @Test(arguments: [1e-30, 1e-12, 1e-8, 1e6, 1e9, 1e15])
  func fourthPowersOutOfTheRangeOfAFloatAreTakenInDouble(scale: Double) {
    var random = Seeded.fresh()
    let values = (0..<3000).map { _ in scale * random.normal() }
    check(values, .f32, "scale \(scale)", seed: random.seed)
  }

  /// A large weight among small ones: its fourth power is most of the sum.
  @Test func outliersKeepTheirWeight() {
    var random = Seeded.fresh()
    var values = (0..<5000).map { _ in 0.02 * random.normal() }
    for place in [0, 1500, 4999] { values[place] = 3 }
    check(values, .f32, "outliers", seed: random.seed)
  }

  @Test(arguments: [ElementType.f32, .bf16, .f16], [1, 15, 16, 31, 1024, 3000])
  func zerosAreCountedAndConstantsHaveNoSpread(type: ElementType, count: Int) {
    for value in [0, -0.0, 1, -0.5] {
      let weights = Weights(Array(repeating: value, count: count), type)
      let found = accumulate([weights, weights]).moments[0]
      #expect(found.count == Double(count) && found.mean == value)
      #expect(found.m2 == 0 && found.m3 == 0 && found.m4 == 0)
      #expect(found.minimum == value && found.maximum == value)
      #expect(found.zeros == (value == 0 ? UInt64(count) : 0))
    }
    var random = Seeded.fresh()
    let pruned = (0..<count).map { $0 % 3 == 0 ? 0 : $0 % 3 == 1 ? -0.0 : 0.02 * random.normal() }
    let weights = Weights(pruned, type)
    let found = accumulate([weights, weights]).moments[0]
    #expect(found.zeros == UInt64(weights.values.count { $0 == 0 }))
  }
}
