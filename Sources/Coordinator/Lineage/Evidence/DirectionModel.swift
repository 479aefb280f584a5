internal import CKernels
internal import Core
internal import Glibc

/// How weights change from parent to child, as a likelihood.
///
/// For tensor l of a pair (i, j): t is the squared angle between the two tensors, x half the log of
/// how much some energy of j exceeds that of i. If i is the parent, x = kappa t + s + c + noise: an
/// update is nearly orthogonal to the weights, so energy grows with the squared angle; s <= 0 is the
/// decay that all tensors share (see `Decay`), c a level common to them. kappa and c are normal, kappa
/// in one of several sizes; the variance of the normal noise is known up to a factor, which
/// makes the residuals Student's: a pair that fits badly either way says little. s has the prior of
/// `Decay`. All are integrated out, in closed form except for s and the size of kappa. If j is the parent,
/// the same holds for -x. The log of the ratio of the two likelihoods is the evidence, in nats.
///
/// Two energies are used: the lower three quarters of the singular spectrum, which training
/// fills, and the plain sum of squares. They are not independent; their weights make up for that.
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
    /// Degrees of freedom of the noise's factor, in addition to one for each tensor.
    let stiffness: Double
  }

  /// Sizes of kappa, as factors on its mean and deviation, and their prior probabilities:
  /// updates of weights whose energy is elsewhere in the spectrum fill it faster.
  private static let sizes = SIMD4<Double>(1, 4, 20, 80)
  private static let logProbabilities = SIMD4<Double>(log(0.85), log(0.10), log(0.035), log(0.015))

  private static let lower = Energy(
    place: 0, growth: 0.145, freedom: 0.031, level: 0.0007, slope: 0.0057, curve: 0.195, weight: 0.47,
    stiffness: 9)
  private static let plain = Energy(
    place: 6, growth: 0.74, freedom: 0.11, level: 0.005, slope: 0.0152, curve: 0.081, weight: 0.46,
    stiffness: 25)
  private static let squaredAngles = 12
  private static let moved = 13

  /// Tensors with a smaller squared angle are the same, up to rounding.
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

  /// Do some of the tensors differ?
  static func hasMoved(_ sums: Terms) -> Bool { sums[moved] > 0 }

  /// Log likelihood ratio of "i before j" against "j before i", in nats.
  ///
  /// - Parameter prior: of the decay.
  static func evidence(_ sums: Terms, _ decay: Decay, _ prior: DecayPrior) -> Double {
    guard sums[moved] > 0 else { return 0 }
    return logLikelihood(sums, decay, sign: 1) - logLikelihood(sums, decay, sign: -1) + prior.evidence
  }

  /// Mean squared angle of the tensors that differ; 0 where none does.
  static func meanSquaredAngle(_ sums: Terms) -> Double { sums[moved] > 0 ? sums[squaredAngles] / sums[moved] : 0 }

  /// Log likelihood ratio of "both come from an ancestor that is not here" against "i before j", in nats.
  ///
  /// Of two siblings, each grew by its own squared angle to the ancestor. The angle between the two is the sum of
  /// these, so that x = kappa u t with u from -1 to 1: the part of the second less the part of the first. All u are
  /// equally likely.
  static func siblings(_ sums: Terms, _ decay: Decay, sign: Double) -> Double {
    guard sums[moved] > 0 else { return 0 }
    let likelihoods = pulls.map { logLikelihood(sums, decay, pull: $0) }
    let largest = likelihoods.max() ?? 0
    let mean = largest + log(likelihoods.reduce(0) { $0 + exp($1 - largest) } / Double(pulls.count))
    return mean - logLikelihood(sums, decay, sign: sign)
  }

  /// Values of u.
  private static let pulls = (0..<12).map { -0.92 + 0.1672727 * Double($0) }

  /// Both siblings may have decayed.
  private static func logLikelihood(_ sums: Terms, _ decay: Decay, pull: Double) -> Double {
    let fits = [lower, plain].filter { sums[$0.place] > 0 }.map { Fit(sums, $0, 1, pull: pull) }
    let shifts = decay.prior(sign: 1) + decay.prior(sign: 1).map { (-$0.value, $0.probability) }
    var exponents: [Double] = []
    for (s, probability) in decay.isKnown ? decay.prior(sign: 1) : shifts {
      exponents.append(
        fits.reduce(log(decay.isKnown ? probability : probability / 2)) {
          $0 + $1.energy.weight * $1.logLikelihood(s)
        })
    }
    let largest = exponents.max() ?? 0
    return largest + log(exponents.reduce(0) { $0 + exp($1 - largest) })
  }

  /// What is known of a pair's decay, in a form that many resamplings share.
  struct DecayPrior: Sendable {
    fileprivate let forward: Shifts
    fileprivate let backward: Shifts
    fileprivate let evidence: Double

    init(_ decay: Decay) {
      forward = Shifts(decay.prior(sign: 1))
      backward = Shifts(decay.prior(sign: -1))
      evidence = decay.evidence
    }
  }

  fileprivate struct Shifts: Sendable {
    let values: [Double]
    let logs: [Double]

    init(_ prior: [(value: Double, probability: Double)]) {
      values = prior.map(\.value)
      logs = prior.map { log($0.probability) }
    }
  }

  /// `evidence` to a part in 1e12, many times as fast: for resamplings, which need no more.
  static func quickEvidence(_ sums: Terms, _ decay: DecayPrior) -> Double {
    guard sums[moved] > 0 else { return 0 }
    return withUnsafeTemporaryAllocation(of: mt_fit.self, capacity: 4) { fits in
      var count = 0
      for energy in [lower, plain] where sums[energy.place] > 0 {
        let forward = Fit(sums, energy, 1)
        fits.initializeElement(at: count, to: forward.kernel)
        fits.initializeElement(at: 2 + count, to: Fit(sums, energy, -1, volume: forward.volume).kernel)
        count += 1
      }
      func logLikelihood(_ first: Int, _ shifts: Shifts) -> Double {
        mt_log_likelihood(
          fits.baseAddress.map { $0 + first }, count, shifts.values, shifts.logs, shifts.values.count)
      }
      return logLikelihood(0, decay.forward) - logLikelihood(2, decay.backward) + decay.evidence
    }
  }

  private static func logLikelihood(_ sums: Terms, _ decay: Decay, sign: Double) -> Double {
    let fits = [lower, plain].filter { sums[$0.place] > 0 }.map { Fit(sums, $0, sign) }
    var exponents: [Double] = []
    for (s, probability) in decay.prior(sign: sign) {
      exponents.append(fits.reduce(log(probability)) { $0 + $1.energy.weight * $1.logLikelihood(s) })
    }
    let largest = exponents.max() ?? 0
    return largest + log(exponents.reduce(0) { $0 + exp($1 - largest) })
  }

  /// One energy in one direction: the Gaussian integrals over kappa and c leave a misfit that is
  /// quadratic in s, for each size of kappa in a lane of its own.
  private struct Fit {
    let energy: Energy
    private let degrees: Double
    private let constant: SIMD4<Double>
    private let linear: SIMD4<Double>
    private let square: SIMD4<Double>
    /// Logs of the sizes' probabilities and of the integrals' volumes. What is the same in both
    /// directions and for all sizes is left out.
    let volume: SIMD4<Double>

    /// - Parameters:
    ///   - volume: of the other sign, which is the same.
    ///   - pull: factor on kappa.
    init(
      _ sums: Terms, _ energy: Energy, _ sign: Double, volume known: SIMD4<Double>? = nil, pull: Double = 1
    ) {
      self.energy = energy
      let p = energy.place
      let (w, wx, wxx) = (sums[p], sign * sums[p + 1], sums[p + 2])
      let (wt, wtt, wtx) = (sums[p + 3], sums[p + 4], sign * sums[p + 5])
      let count = sums[moved]
      degrees = count + energy.stiffness
      let growth = energy.growth * pull * sizes
      let freedom = energy.freedom * max(abs(pull), Self.leastPull) * sizes
      let a = wtt + 1 / (freedom * freedom)
      let b = w + count / (energy.level * energy.level * sums[squaredAngles])
      let determinant = a * b - wt * wt
      // Weighted sums of x - kappa t, alone and times t, for s = 0.
      let rest = wx - growth * wt
      let tilted = wtx - growth * wtt
      let explained = b * tilted * tilted - 2 * wt * tilted * rest + a * rest * rest
      constant = wxx + growth * growth * wtt - 2 * growth * wtx - explained / determinant
      let turned = b * wt * tilted - wt * (w * tilted + wt * rest) + a * w * rest
      linear = 2 * (turned / determinant - rest)
      square = w - (b * wt * wt - 2 * wt * wt * w + a * w * w) / determinant
      if let known {
        volume = known
        return
      }
      var volume = SIMD4<Double>.zero
      for lane in 0..<4 {
        volume[lane] = logProbabilities[lane] - 0.5 * log(determinant[lane] * freedom[lane] * freedom[lane])
      }
      self.volume = volume
    }

    /// The factor is not known more exactly than that.
    private static let leastPull = 0.1

    var kernel: mt_fit {
      mt_fit(
        constant: constant.tuple, linear: linear.tuple, square: square.tuple, volume: volume.tuple,
        degrees: degrees, stiffness: energy.stiffness, weight: energy.weight)
    }

    /// The integral over the factor of the noise, summed over the sizes of kappa.
    func logLikelihood(_ s: Double) -> Double {
      let misfit = (constant + s * linear + s * s * square) / energy.stiffness
      var exponents = volume
      for lane in 0..<4 { exponents[lane] -= 0.5 * degrees * log1p(max(0, misfit[lane])) }
      let largest = exponents.max()
      var sum = 0.0
      for lane in 0..<4 { sum += exp(exponents[lane] - largest) }
      return largest + log(sum)
    }
  }
}

extension SIMD4<Double> {
  fileprivate var tuple: (Double, Double, Double, Double) { (self[0], self[1], self[2], self[3]) }
}
