internal import Core
internal import Encodings

/// How far stored weights may be off the intended ones.
enum StorageGrid {
  /// Fewer weights do not show which grid they lie on.
  private static let fewest = 64
  private static let float = Encoding.f32.roundoff

  /// The unit roundoff of the coarsest floating-point grid that all weights lie on: weights that were
  /// rounded to 16 bits are often stored in 32. At least the roundoff of F32, in which samples are kept.
  ///
  /// - Parameter stored: unit roundoff of the storage type.
  static func roundoff(_ weights: [ArraySlice<Float>], stored: Double) -> Double {
    var bits: UInt32 = 0
    var count = 0
    for slice in weights {
      for weight in slice { bits |= weight.bitPattern }
      count += slice.count
    }
    guard count >= fewest else { return max(stored, float) }
    if bits & 0xffff == 0 { return max(stored, Encoding.bf16.roundoff) }
    if bits & 0x1fff == 0 { return max(stored, Encoding.f16.roundoff) }
    return max(stored, float)
  }

  /// Variance of the error of a weight: of a number anywhere within its unit in the last place.
  static func variance(of weight: Double, _ unit: Double) -> Double {
    guard weight != 0, weight.isFinite else { return 0 }
    // Half precision has no smaller exponents.
    let exponent = unit == Encoding.f16.roundoff ? max(-14, weight.exponent) : weight.exponent
    let binade = Double(sign: .plus, exponent: exponent, significand: unit)
    return binade * binade / 3
  }

  /// The variance of the error of a sum of many weights with random signs, kept as a float: errors and weights add
  /// up alike.
  static func meanVariance(ofSum sum: Double, _ unit: Double) -> Double {
    Encoding.roundingSquares * (unit * unit + float * float) * sum * sum
  }
}
