/// Sums that describe the distribution of the weights of one tensor of one model.
///
/// Partial moments are merged by the pairwise formulas of Chan, Golub, LeVeque (1979) and Pébay
/// (2008), so that no power of a large mean is ever subtracted from another.
package struct Moments: Sendable, Equatable {
  /// Number of weights.
  package var count: Double
  package var mean: Double
  /// Sums of the second, third and fourth powers of the deviation from the mean.
  package var m2: Double
  package var m3: Double
  package var m4: Double
  package var minimum: Double
  package var maximum: Double
  package var zeros: UInt64
  /// NaN and infinite weights. When there are any, the sums above are NaN or infinite.
  package var notFinite: UInt64

  package static let empty = Moments(
    count: 0, mean: 0, m2: 0, m3: 0, m4: 0, minimum: .infinity, maximum: -.infinity, zeros: 0,
    notFinite: 0)

  package init(
    count: Double, mean: Double, m2: Double, m3: Double, m4: Double, minimum: Double,
    maximum: Double, zeros: UInt64, notFinite: UInt64
  ) {
    self.count = count
    self.mean = mean
    self.m2 = m2
    self.m3 = m3
    self.m4 = m4
    self.minimum = minimum
    self.maximum = maximum
    self.zeros = zeros
    self.notFinite = notFinite
  }

  /// Adds the weights that `other` describes. Formula: Pébay, SAND2008-6212, eqs. 2.1 to 3.1.
  package mutating func merge(_ other: Moments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let n = count + other.count
    let delta = other.mean - mean
    let step = delta / n
    let product = count * other.count
    let fourth =
      m4 + other.m4
      + delta * step * step * step * product
      * (count * count - product + other.count * other.count)
      + 6 * step * step * (count * count * other.m2 + other.count * other.count * m2)
      + 4 * step * (count * other.m3 - other.count * m3)
    let third =
      m3 + other.m3 + delta * step * step * product * (count - other.count)
      + 3 * step * (count * other.m2 - other.count * m2)
    let second = m2 + other.m2 + delta * step * product
    mean += step * other.count
    (m2, m3, m4) = (second, third, fourth)
    count = n
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    zeros += other.zeros
    notFinite += other.notFinite
  }

  /// Variance with divisor `count`; NaN when empty.
  package var variance: Double { m2 / count }

  /// Fisher's kurtosis (0 for a normal distribution), biased, as `scipy.stats.kurtosis` by default;
  /// NaN for constant tensors.
  package var kurtosis: Double { m2 > 0 ? count * m4 / (m2 * m2) - 3 : .nan }

  /// Sum of squared weights.
  package var energy: Double { m2 + count * mean * mean }
}
