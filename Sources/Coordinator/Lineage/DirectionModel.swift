internal import Core
internal import Glibc

/// How weights change from parent to child, as a likelihood.
///
/// For tensor l of a pair (i, j): t is the squared angle between the two tensors, x half the log of
/// how much some energy of j exceeds that of i. If i is the parent, x = kappa t + s + c + noise: an
/// update is nearly orthogonal to the weights, so energy grows with the squared angle; s <= 0 is the
/// decay that all tensors share (see `Decay`), c a level common to them. kappa and c are normal, kappa
/// in one of several sizes; the noise is normal with a variance that is known but for a factor, which
/// makes the residuals Student's: a pair that fits badly either way says little. s has the prior of
/// `Decay`. All are integrated out, in closed form but for s and the size of kappa. If j is the parent,
/// the same holds for -x. The log of the ratio of the two likelihoods is the evidence, in nats.
///
/// Two energies are looked at: the lower three quarters of the singular spectrum, which training
/// fills, and the plain sum of squares. They are not independent, which their weights make up for.
///
/// The constants were fitted by the log loss on true edges of small zoos, see docs/accuracy.md.
enum DirectionModel {
  /// The sums of one pair over tensors, fourteen of sixteen places in use. Resampling the tensors
  /// weighs these sums; it needs nothing else.
  typealias Terms = SIMD16<Double>

  private struct Energy {
    /// Where its six sums start.
    let place: Int
    /// Mean and deviation of kappa.
    let growth: Double
    let freedom: Double
    /// Deviation of c over the root of the mean of t.
    let level: Double
    /// The variance of the noise is slope^2 t + curve^2 t^2.
    let slope: Double
    let curve: Double
    let weight: Double
    /// Degrees of freedom of the noise's factor, beside one for each tensor.
    let stiffness: Double
  }

  /// A size of kappa, as a factor on its mean and deviation, and how probable it is beforehand:
  /// updates of weights whose energy is elsewhere in the spectrum fill it faster.
  private static let sizes = [(1.0, 0.85), (4, 0.10), (20, 0.035), (80, 0.015)]

  private static let lower = Energy(
    place: 0, growth: 0.145, freedom: 0.031, level: 0.0007, slope: 0.0057, curve: 0.195, weight: 0.47,
    stiffness: 9)
  private static let plain = Energy(
    place: 6, growth: 0.74, freedom: 0.11, level: 0.005, slope: 0.0152, curve: 0.081, weight: 0.46,
    stiffness: 25)
  private static let squaredAngles = 12
  private static let moved = 13

  /// Tensors whose squared angle is below are the same, up to rounding.
  private static let still = 1e-13

  /// - Parameters:
  ///   - t: squared angle of the two tensors.
  ///   - lower: half the log ratio of the lower energies, j over i; NaN: not known.
  ///   - plain: the same of the sums of squares.
  static func terms(t: Double, lower xLower: Double, plain xPlain: Double) -> Terms {
    var terms = Terms.zero
    guard t > still else { return terms }
    terms[squaredAngles] = t
    terms[moved] = 1
    for (energy, x) in [(lower, xLower), (plain, xPlain)] where x.isFinite {
      let weight = 1 / (energy.slope * energy.slope * t + energy.curve * energy.curve * t * t)
      terms[energy.place] = weight
      terms[energy.place + 1] = weight * x
      terms[energy.place + 2] = weight * x * x
      terms[energy.place + 3] = weight * t
      terms[energy.place + 4] = weight * t * t
      terms[energy.place + 5] = weight * t * x
    }
    return terms
  }

  /// Log likelihood ratio of "i before j" against "j before i", in nats.
  static func evidence(_ sums: Terms, _ decay: Decay) -> Double {
    guard sums[moved] > 0 else { return 0 }
    return logLikelihood(sums, decay, sign: 1) - logLikelihood(sums, decay, sign: -1) + decay.evidence
  }

  private static func logLikelihood(_ sums: Terms, _ decay: Decay, sign: Double) -> Double {
    logOfSum(
      decay.prior(sign: sign).map { s, probability in
        var exponent = log(probability)
        for energy in [lower, plain] where sums[energy.place] > 0 {
          exponent += energy.weight * logLikelihood(sums, energy, sign, s)
        }
        return exponent
      })
  }

  private static func logLikelihood(_ sums: Terms, _ energy: Energy, _ sign: Double, _ s: Double) -> Double {
    logOfSum(sizes.map { log($0.1) + logLikelihood(sums, energy, sign, s, size: $0.0) })
  }

  /// One size of kappa: Gaussian integrals over kappa and c, then over the factor of the noise. Parts
  /// that are the same in both directions and for all sizes are left out.
  private static func logLikelihood(
    _ sums: Terms, _ energy: Energy, _ sign: Double, _ s: Double, size: Double
  ) -> Double {
    let p = energy.place
    let (w, wx, wxx) = (sums[p], sign * sums[p + 1], sums[p + 2])
    let (wt, wtt, wtx) = (sums[p + 3], sums[p + 4], sign * sums[p + 5])
    let k = size * energy.growth
    let freedom = size * energy.freedom
    let rest = wx - k * wt - s * w
    let tilted = wtx - k * wtt - s * wt
    let squares = wxx + k * k * wtt + s * s * w - 2 * (k * wtx + s * wx - k * s * wt)
    let count = sums[moved]
    let a = wtt + 1 / (freedom * freedom)
    let b = w + count / (energy.level * energy.level * sums[squaredAngles])
    let determinant = a * b - wt * wt
    let explained = (b * tilted * tilted - 2 * wt * tilted * rest + a * rest * rest) / determinant
    let misfit = max(0, squares - explained)
    return -0.5 * (count + energy.stiffness) * log1p(misfit / energy.stiffness)
      - 0.5 * log(determinant * freedom * freedom)
  }

  private static func logOfSum(_ exponents: [Double]) -> Double {
    let largest = exponents.max() ?? 0
    return largest + log(exponents.reduce(0) { $0 + exp($1 - largest) })
  }
}
