internal import Core
package import Spectra

/// What speaks for two networks being one in different coordinates, measured on tensors that the coordinates were not
/// fitted to.
package struct Witness: Sendable, Equatable {
  /// Median cosine of the maps of corresponding units; about 0 for strangers.
  package let likeness: Double
  /// Units that two separate matchings agree on, and all.
  package let agreements: Int
  package let units: Int
  /// Logarithm of the probability of so many agreements, had the two been initialized independently.
  package let logProbability: Double

  private static let leastLikeness = KinThreshold.cosine
  private static let leastProbability = KinThreshold.probability

  /// One layer: units by units of both models.
  package init(_ layers: [(fit: Matrix, judged: Matrix, isSquare: Bool)]) {
    var (cosines, found, all): ([Double], Int, Int) = ([], 0, 0)
    for layer in layers {
      let by = (LinearAssignment.mutualBest(layer.fit), LinearAssignment.mutualBest(layer.judged))
      all += min(layer.fit.rows, layer.fit.columns)
      for (unit, place) in by.0.enumerated() {
        guard let place else { continue }
        let cosine = layer.judged[unit, place]
        cosines.append(layer.isSquare ? max(0, cosine).squareRoot() : cosine)
        if by.1[unit] == place { found += 1 }
      }
    }
    likeness = cosines.isEmpty ? 0 : cosines.sorted()[cosines.count / 2]
    (agreements, units) = (found, all)
    // Of two independent matchings in each of L layers, the number X of units on which they agree has
    // P(X >= k) <= L^k / k!, from the factorial moments of fixed points.
    let bound = Double(found) * Logarithm.of(Double(max(1, layers.count))) - Logarithm.factorial(found)
    logProbability = min(0, bound)
  }

  /// 0 below the smallest number that there is.
  package var probability: Double { Logarithm.power(logProbability) }

  /// - Parameter attempts: alignments that were tried, each of which could have succeeded by chance.
  package func carries(attempts: Int) -> Bool {
    likeness >= Self.leastLikeness
      && logProbability + Logarithm.of(Double(max(1, attempts))) <= Logarithm.of(Self.leastProbability)
  }
}
