package import Core

/// What the edges of one family cost; the arborescence minimizes the sum.
///
/// M = D + lambda * mean(D) * T (paper, section 4.3): an edge against the order of the models costs extra. Where the
/// tables of tokens tell how many tokens were trained between two models, every one of them costs a little, too.
package struct Cost: Sendable {
  /// T: how much an edge goes against the evidence, from 0 to 1.
  package let penalty: Penalty
  /// Mean over all entries of D that are a number, the zero diagonal included.
  package let meanDistance: Double
  /// What going against the evidence costs at most: lambda * mean(D).
  package let largestPenalty: Double
  /// m x m, from 0 to 1: fraction of the tokens that were trained between two nodes; nil where the method ignores
  /// tokens.
  package let trainedTokenFraction: SquareMatrix?

  /// What trained tokens cost, in mean distances times their fraction: so much that one row in a few hundred
  /// counts, and that distances decide among equals.
  private static let tokenWeight = 50.0

  /// - Parameters:
  ///   - distances: of the whole family, copies included.
  ///   - lambda: cost of an edge against the evidence, in mean distances (paper: 0.3).
  ///   - trainedTokenFraction: between the nodes that take part in the search.
  package init(
    distances: SquareMatrix, penalty: Penalty, lambda: Double, trainedTokenFraction: SquareMatrix? = nil
  ) {
    self.penalty = penalty
    meanDistance = Self.mean(distances)
    largestPenalty = lambda * meanDistance
    self.trainedTokenFraction = trainedTokenFraction
  }

  /// The cost of an edge, trained tokens left out.
  ///
  /// - Parameters:
  ///   - distance: of parent and child; NaN (there is no such edge) stays NaN.
  ///   - evidence: of the parent coming before the child.
  package func edge(distance: Double, evidence: Double) -> Double { distance + largestPenalty * penalty(evidence) }

  /// What is added for the tokens that were trained between two nodes, by their places.
  package func tokens(parent: Int, child: Int) -> Double {
    guard let trainedTokenFraction else { return 0 }
    return Self.tokenWeight * meanDistance * trainedTokenFraction[parent, child]
  }

  /// The evidence for an edge at which going against it costs as much as given: the inverse of `edge`.
  ///
  /// - Returns: nil where no evidence costs so much or so little.
  package func evidence(costing extra: Double) -> Double? {
    largestPenalty > 0 ? penalty.evidence(for: extra / largestPenalty) : nil
  }

  /// M, trained tokens left out. The diagonal says nothing.
  ///
  /// - Parameters:
  ///   - distances: m x m; NaN stays NaN.
  ///   - evidence: m x m, of the row's model coming before the column's.
  /// - Returns: m x m, the cost of the row's model being the parent of the column's.
  package func matrix(distances: SquareMatrix, evidence: SquareMatrix) -> SquareMatrix {
    SquareMatrix(
      distances.n,
      values: zip(distances.values, evidence.values).map { edge(distance: $0, evidence: $1) })
  }

  /// Mean of the entries that are a number; 0 when there are none.
  package static func mean(_ distances: SquareMatrix) -> Double {
    var (sum, count) = (0.0, 0.0)
    for value in distances.values where !value.isNaN {
      sum += value
      count += 1
    }
    return count > 0 ? sum / count : 0
  }
}
