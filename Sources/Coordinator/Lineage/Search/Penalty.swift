package import Core
internal import Glibc

/// How much an edge goes against the evidence of the order, from 0 (not at all) to 1.
package enum Penalty: Sendable {
  /// T of the paper: 1 where the evidence speaks against the parent, else 0. For scores without a unit.
  case step
  /// A smooth T for log likelihood ratios in nats: a third of softplus(-evidence), at most 1, so that a doubt
  /// costs little and a contradiction much.
  case softplus

  /// Scores of the published rules and differences of kurtosis have no unit; likelihood ratios have.
  package init(_ metric: DistanceMetric, _ stage: Stage) {
    self = metric.isPublished || stage != .auto ? .step : .softplus
  }

  /// Nats of softplus at which the penalty is full: from about 3 nats against an edge on, more change nothing.
  private static let fullNats = 3.0

  /// - Parameter evidence: of the parent coming before the child.
  package func callAsFunction(_ evidence: Double) -> Double {
    switch self {
    case .step: evidence < 0 ? 1 : 0
    case .softplus: min(1, log1p(exp(-evidence)) / Self.fullNats)
    }
  }

  /// The evidence at which a penalty is reached: the largest one with this penalty or a greater one.
  ///
  /// - Parameter penalty: above 0, at most 1.
  /// - Returns: the inverse of the formula; for a step 0, below which all penalties are full. nil where no evidence
  ///   has such a penalty.
  package func evidence(for penalty: Double) -> Double? {
    guard penalty > 0, penalty <= 1 else { return nil }
    return switch self {
    case .step: 0
    case .softplus: -log(expm1(Self.fullNats * penalty))
    }
  }

  /// The penalties of a matrix of evidence.
  package func matrix(_ evidence: SquareMatrix) -> SquareMatrix {
    SquareMatrix(evidence.n, values: evidence.values.map { self($0) })
  }
}
