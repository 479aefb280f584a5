import Core
import System
import TestSeed
import Testing

@Suite struct MomentsTests {
  /// All of a set at once, in two passes about the mean.
  static func moments(_ values: ArraySlice<Double>) -> Moments {
    let n = Double(values.count)
    guard n > 0 else { return .empty }
    let pivot = values[values.startIndex]
    let mean = pivot + values.reduce(0) { $0 + ($1 - pivot) } / n
    var m = Moments.empty
    m.count = n
    m.mean = mean
    for value in values {
      let d = value - mean
      m.m2 += d * d
      m.m3 += d * d * d
      m.m4 += d * d * d * d
      m.minimum = min(m.minimum, value)
      m.maximum = max(m.maximum, value)
      if value == 0 { m.zeros += 1 }
    }
    return m
  }

  static func isClose(_ a: Double, _ b: Double, _ scale: Double, _ tolerance: Double) -> Bool {
    abs(a - b) <= tolerance * scale
  }

  @Test(arguments: [(0.0, 1.0), (1e6, 1e-2), (-1e6, 1e-1), (0.02, 0.02), (1e3, 1.0)])
  func mergedMomentsAreThoseOfTheWhole(mean: Double, deviation: Double) {
    var random = Seeded.fresh()
    for _ in 0..<50 {
      let values = (0..<Int.random(in: 1...3000, using: &random)).map { _ in
        mean + deviation * random.normal()
      }
      var merged = Moments.empty
      var from = 0
      while from < values.count {
        let to = min(values.count, from + Int.random(in: 0...400, using: &random))
        merged.merge(Self.moments(values[from..<to]))
        from = to
      }
      let whole = Self.moments(values[...])
      let sigma = max(whole.variance.squareRoot(), 1e-300)
      let n = whole.count
      let note: Comment = "mean \(mean), n \(n), seed \(random.seed)"
      // What rounding of the weights themselves leaves of a deviation.
      let loss = 1e-11 + 4e-16 * abs(mean) / deviation * 10
      #expect(merged.count == n, note)
      #expect(Self.isClose(merged.mean, whole.mean, abs(mean) + sigma, 1e-14), note)
      #expect(Self.isClose(merged.m2, whole.m2, n * sigma * sigma, loss), note)
      #expect(Self.isClose(merged.m3, whole.m3, n * sigma * sigma * sigma, 20 * loss), note)
      #expect(Self.isClose(merged.m4, whole.m4, whole.m4, 50 * loss), note)
      #expect(merged.minimum == whole.minimum, note)
      #expect(merged.maximum == whole.maximum, note)
    }
  }

  @Test func theEmptySetChangesNothing() {
    let some = Self.moments([1, 2, 4, 0][...])
    var merged = some
    merged.merge(.empty)
    #expect(merged == some)
    merged = .empty
    merged.merge(some)
    #expect(merged == some)
    #expect(Moments.empty.variance.isNaN)
    #expect(Moments.empty.kurtosis.isNaN)
    #expect(Moments.empty.energy == 0)
  }

  @Test func zerosAndNonFiniteWeightsAddUp() {
    var a = Self.moments([0, 1, 0][...])
    var b = Self.moments([0, 5][...])
    a.notFinite = 3
    b.notFinite = 4
    a.merge(b)
    #expect(a.zeros == 3)
    #expect(a.notFinite == 7)
    #expect(a.minimum == 0)
    #expect(a.maximum == 5)
  }

  /// Values of `scipy.stats.kurtosis`.
  @Test(
    arguments: [
      ([1, 2, 3, 4, 5], -1.3), ([0, 1], -2), ([0, 0, 0, 1], -2.0 / 3),
      ([0, 0, 0, 0, 0, 0, 0, 0, 0, 10], 46.0 / 9),
    ] as [([Double], Double)])
  func kurtosisIsFishersAndBiased(values: [Double], expected: Double) {
    #expect(abs(Self.moments(values[...]).kurtosis - expected) < 1e-12)
  }

  @Test func kurtosisIgnoresShiftAndScale() {
    let values = [1.0, 4, 2, 8, 5, 7, -3]
    let kurtosis = Self.moments(values[...]).kurtosis
    let moved = Self.moments(values.map { 3 * $0 - 100 }[...]).kurtosis
    #expect(abs(kurtosis - moved) < 1e-12)
  }

  @Test func kurtosisOfAConstantIsNotANumber() {
    #expect(Self.moments([2, 2, 2][...]).kurtosis.isNaN)
  }

  @Test func energyIsTheSumOfSquares() {
    #expect(abs(Self.moments([3, 4, 12][...]).energy - 169) < 1e-12)
  }
}
