internal import Glibc

/// How much the tables of tokens grew between two models, and what that says about their order.
///
/// Rows that training moves do so at nearly a right angle to themselves, so the energy of a table grows by about half
/// of the squared distance from parent to child. Chance turns that right angle a little: with E the energy of a table of
/// N weights and A the squared distance, 2 <w, d> has a standard deviation of 2 sqrt(E A / N) where the signs of d do
/// not depend on w. Over A, that is 2 / (t sqrt N) with t the angle: of small updates, chance is larger than any growth.
package struct TableGrowth: Sendable {
  /// How much the second's energy exceeds the first's, the mean of the two, the squared distance, and the
  /// variance of the first by chance.
  private var growth = 0.0
  private var energy = 0.0
  private var apart = 0.0
  private var chance = 0.0

  /// Decay that may have been between the two: the log of the factor on all weights, from parent to child, as values
  /// with prior probabilities; and the variance of the error of these values.
  package struct Decay {
    /// If the first is the parent, and if the second is.
    package var forward: [(value: Double, probability: Double)]
    package var backward: [(value: Double, probability: Double)]
    package var variance: Double

    package static var none: Self { Self(forward: [(0, 1)], backward: [(0, 1)], variance: 0) }

    package init(
      forward: [(value: Double, probability: Double)], backward: [(value: Double, probability: Double)],
      variance: Double
    ) {
      self.forward = forward
      self.backward = backward
      self.variance = variance
    }
  }

  package init() {}

  /// - Parameters:
  ///   - first: energy of a table of the first model.
  ///   - second: of the second.
  ///   - distance: the squared distance of the two.
  ///   - elements: weights of the table.
  package mutating func add(first: Double, second: Double, apart distance: Double, elements: Int) {
    growth += second - first
    energy += (first + second) / 2
    apart += distance
    chance += 2 * (first + second) * distance / Double(elements)
  }

  /// No table moved, or one was replaced: nothing is said.
  private var isSilent: Bool { !(apart > 0 && apart < energy) }

  /// Growth over the squared distance, without what decay took; nil where nothing is said, or mostly by chance.
  package func ratio(decay: Double) -> Double? {
    guard !isSilent, variance(0, part: Self.usualPart) <= Self.mostChance * Self.mostChance else { return nil }
    return ratio(decay)
  }

  /// Standard deviation from which on a ratio says more of chance than of the models.
  private static let mostChance = 0.5
  /// Of the variance of chance.
  private static let usualPart = 0.25

  private func ratio(_ decay: Double) -> Double { (growth - 2 * decay * energy) / apart }

  /// Of the ratio, by chance.
  private func variance(_ decay: Double, part: Double) -> Double {
    let leverage = 2 * energy / apart
    return part * chance / (apart * apart) + leverage * leverage * decay
  }

  /// Log likelihood ratio of the first model being the parent against the second being it, in nats; no more than the
  /// strength either way.
  ///
  /// Without chance, a ratio x would say strength tanh(steepness x), a function that was fitted with the constants of
  /// `DirectionModel`. The observed ratio is x and the error of chance, so x, which is about normal
  /// over pairs of models, has a normal distribution given the observed one; the likelihoods are means over it.
  package func evidence(strength: Double, _ decay: Decay) -> Double {
    guard !isSilent else { return 0 }
    func logLikelihood(_ sign: Double, _ shifts: [(value: Double, probability: Double)]) -> Double {
      var exponents: [Double] = []
      for (shift, probability) in shifts {
        let observed = (sign * growth - 2 * shift * energy) / apart
        for part in Self.parts {
          let error = variance(decay.variance, part: part.value)
          exponents.append(
            log(probability * part.probability) - 0.5 * log(Self.breadth + error)
              - 0.5 * observed * observed / (Self.breadth + error) + Self.logMean(observed, error, strength))
        }
      }
      let largest = exponents.max() ?? 0
      return largest + log(exponents.reduce(0) { $0 + exp($1 - largest) })
    }
    let odds = logLikelihood(1, decay.forward) - logLikelihood(-1, decay.backward)
    return min(max(odds, -strength), strength)
  }

  /// How much of the variance of chance there is. Where a norm follows the table, gradients are at right angles to its
  /// rows: on trained models there is a quarter of what independent signs would leave, or less.
  private static let parts: [(value: Double, probability: Double)] = [(1.0 / 16, 0.4), (1.0 / 4, 0.35), (1, 0.25)]

  /// Log of the mean probability of the order, over the ratios that an observed one may stand for.
  private static func logMean(_ observed: Double, _ error: Double, _ strength: Double) -> Double {
    let center = observed * breadth / (breadth + error)
    let deviation = (error * breadth / (breadth + error)).squareRoot()
    let mean = nodes.reduce(0) { sum, node in
      let ratio = center + deviation * node.place
      return sum + node.weight / (1 + exp(-strength * tanh(steepness * ratio)))
    }
    return log(mean)
  }

  private static let steepness = 4.6
  /// Variance of the ratio over pairs of models.
  private static let breadth = 0.36
  /// Of a standard normal distribution.
  private static let nodes: [(place: Double, weight: Double)] = {
    let places = (-16...16).map { Double($0) / 4 }
    let weights = places.map { exp(-$0 * $0 / 2) }
    let total = weights.reduce(0, +)
    return zip(places, weights).map { ($0, $1 / total) }
  }()
}
