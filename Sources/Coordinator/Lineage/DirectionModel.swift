internal import Core

/// How weights change from parent to child, as a likelihood.
///
/// For tensor l of a pair (i, j): t is the squared angle between the two tensors, x half the log of
/// how much some energy of j exceeds that of i. If i is the parent, x = kappa t + s + noise: an update
/// is nearly orthogonal to the weights, so energy grows with the squared angle; s <= 0 is the decay
/// that all tensors share. The noise of a tensor has the variance b^2 t + c^2 t^2, that of the common
/// level a^2 mean(t). Both directions are fitted, each with the s that suits it best; the difference
/// of the log likelihoods is the evidence. Two energies are looked at: the lower end of the singular
/// spectrum, and the plain sum of squares.
///
/// The constants were fitted on families of small decoders, encoders and vision transformers, see
/// docs/accuracy.md.
enum DirectionModel {
  /// The sums of one pair over tensors, fourteen of sixteen places in use. Resampling the tensors
  /// weighs these sums; it needs nothing else.
  typealias Terms = SIMD16<Double>

  private struct Energy {
    /// Where its five sums start.
    let place: Int
    let growth: Double
    let level: Double
    let slope: Double
    let curve: Double
    let weight: Double
  }

  private static let lower = Energy(
    place: 0, growth: 1, level: 0.0025, slope: 0.0125, curve: 0.1, weight: 0.4)
  private static let plain = Energy(
    place: 5, growth: 0.5, level: 0.1, slope: 0.05, curve: 0.5, weight: 0.4)
  private static let squaredAngles = 10
  private static let moved = 11
  private static let lowerOfFirst = 12
  private static let lowerOfSecond = 13

  /// Where the weights were rounded to 16 bits, decay below half a unit in the last place leaves no
  /// trace, and the fit of the decay is too free. Then the total of the lower energies has a say of
  /// its own, at most two nats.
  private static let coarse = 0x1p-12
  private static let say = 2.0
  private static let sayUnit = 1e-3
  /// Tensors whose squared angle is below are the same, up to rounding.
  private static let still = 1e-13

  /// Cost of a decay that nothing else tells of: 1.5 ln(1 + |s| / 1e-4).
  private static let decayCost = 1.5
  private static let decayUnit = 1e-4

  /// - Parameters:
  ///   - t: squared angle of the two tensors.
  ///   - lower: half the log ratio of the lower energies, j over i; NaN: not known.
  ///   - plain: the same of the sums of squares.
  ///   - lowers: the lower energies of i and j themselves, scaled to the whole tensor.
  static func terms(
    t: Double, lower xLower: Double, plain xPlain: Double, lowers: (Double, Double)
  ) -> Terms {
    var terms = Terms.zero
    if lowers.0.isFinite, lowers.1.isFinite {
      terms[lowerOfFirst] = lowers.0
      terms[lowerOfSecond] = lowers.1
    }
    guard t > still else { return terms }
    terms[squaredAngles] = t
    terms[moved] = 1
    for (energy, x) in [(lower, xLower), (plain, xPlain)] where x.isFinite {
      let weight = 1 / (energy.slope * energy.slope * t + energy.curve * energy.curve * t * t)
      let (forward, backward) = (x - energy.growth * t, -x - energy.growth * t)
      terms[energy.place] = weight
      terms[energy.place + 1] = weight * forward
      terms[energy.place + 2] = weight * forward * forward
      terms[energy.place + 3] = weight * backward
      terms[energy.place + 4] = weight * backward * backward
    }
    return terms
  }

  /// Log likelihood ratio of "i before j" against "j before i", in nats.
  ///
  static func evidence(_ sums: Terms, _ decay: Decay) -> Double {
    guard sums[moved] > 0 else { return 0 }
    let meanAngle = sums[squaredAngles] / sums[moved]
    var total = 0.0
    for energy in [lower, plain] where sums[energy.place] > 0 {
      let weight = sums[energy.place]
      let level = energy.level * energy.level * meanAngle
      let ahead = misfit(weight, sums[energy.place + 1], sums[energy.place + 2], level, decay.forward)
      let behind = misfit(weight, sums[energy.place + 3], sums[energy.place + 4], level, decay.backward)
      total += energy.weight * 0.5 * (behind - ahead)
    }
    let (first, second) = (sums[lowerOfFirst], sums[lowerOfSecond])
    if decay.rounding > coarse, first > 0, second > 0 {
      let growth = Logarithm.of(second / first) - 2 * (decay.mean ?? 0)
      total += say * Logarithm.tanh(growth / sayUnit)
    }
    return total
  }

  /// What is known of the decay between two models, as the log of a factor on all weights.
  struct Decay {
    /// Bounds if the first is the parent, and if the second is.
    var forward: ClosedRange<Double>
    var backward: ClosedRange<Double>
    /// From the first to the second, as untouched rows tell it.
    var mean: Double?
    /// Unit roundoff of the coarser of the two.
    var rounding: Double
  }

  /// Smallest sum of squared residuals over the decay s within its bounds, its cost included.
  private static func misfit(
    _ weight: Double, _ first: Double, _ second: Double, _ level: Double, _ bounds: ClosedRange<Double>
  ) -> Double {
    func squares(_ s: Double) -> Double {
      let rest = first - s * weight
      return second - 2 * s * first + s * s * weight - level * rest * rest / (1 + level * weight)
    }
    let none = bounds.upperBound
    let best = min(max(first / weight, bounds.lowerBound), none)
    let cost = 2 * decayCost * Logarithm.of(1 + abs(best - none) / decayUnit)
    return min(squares(none), squares(best) + cost)
  }
}
