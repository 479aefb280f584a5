import Core
import System

/// The same sums, the slow and obvious way: every pair, every coordinate, in doubles.
struct BruteForce {
  var l2: [Double] = []
  var l1: [Double] = []
  var max: [Double] = []
  var moments: [Moments] = []

  /// - Parameter models: values of each model.
  init(_ models: [ArraySlice<Double>]) {
    PairIndex(models.count).forEach { _, i, j in
      var (squares, absolutes, largest) = (0.0, 0.0, 0.0)
      for (x, y) in zip(models[i], models[j]) {
        squares += (x - y) * (x - y)
        absolutes += abs(x - y)
        largest = Swift.max(largest, abs(x - y))
      }
      l2.append(squares)
      l1.append(absolutes)
      max.append(largest)
    }
    moments = models.map(Self.moments)
  }

  private static func moments(_ values: ArraySlice<Double>) -> Moments {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    var sums = (0.0, 0.0, 0.0)
    for value in values {
      let d = value - mean
      sums.0 += d * d
      sums.1 += d * d * d
      sums.2 += d * d * d * d
    }
    return Moments(
      count: count, mean: mean, m2: sums.0, m3: sums.1, m4: sums.2, minimum: values.min() ?? 0,
      maximum: values.max() ?? 0, zeros: UInt64(values.count { $0 == 0 }), notFinite: 0)
  }
}

/// The largest relative difference; `scale` guards sums that nearly cancel.
func error(_ found: [Double], _ expected: [Double], scale: Double = 0) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).map { a, b in
    a == b ? 0 : abs(a - b) / Swift.max(abs(b), scale)
  }.max() ?? 0
}
