package import Core

/// The directional scores, and what they say about which model came first.
package struct Direction: Sendable {
  package let stage: Stage
  private var totals: [Double]
  /// Kurtosis of the first less that of the second, over the tensors that both have: n x n,
  /// antisymmetric; empty where the stage does not need it.
  private var gaps: SquareMatrix

  package init(stage: Stage, models n: Int) {
    self.stage = stage
    totals = Array(repeating: 0, count: n)
    gaps = SquareMatrix(stage == .auto ? 0 : n)
  }

  package mutating func add(_ view: TensorView, _ scope: Scope) {
    let models = view.tensor.models
    let role = view.tensor.role
    for (a, i) in models.enumerated() where scope.includes(role, i) {
      totals[i] += stage == .auto ? view.energies[a] : view.kurtosis[a]
    }
    guard stage != .auto else { return }
    view.tensor.forEachPair { _, a, b in
      guard scope.includes(role, models[a], models[b]) else { return }
      let gap = view.kurtosis[a] - view.kurtosis[b]
      gaps[models[a], models[b]] += gap
      gaps[models[b], models[a]] -= gap
    }
  }

  /// A directional score per model, over the tensors it was compared on: log of the energy (`auto`)
  /// or summed kurtosis; NaN for a model without weights.
  package var scores: [Double] {
    stage == .auto ? totals.map { $0 > 0 ? Logarithm.of($0) : .nan } : totals
  }

  /// n x n, antisymmetric: > 0 speaks for i before j, 0 for nothing. For `auto` the evidence comes
  /// from the candidate pairs, see `PairStatistics`.
  package var evidence: SquareMatrix {
    guard stage != .auto else { return SquareMatrix(totals.count) }
    var evidence = gaps
    if stage == .generalization { for p in evidence.values.indices { evidence.values[p].negate() } }
    return evidence
  }

  /// What one tensor says of a pair; `evidence` is a function of the weighted sums of it.
  func terms(_ view: TensorView, _ pair: Int, _ a: Int, _ b: Int) -> DirectionModel.Terms {
    guard stage != .auto else { return view.terms(pair, a, b) }
    var terms = DirectionModel.Terms.zero
    terms[0] = view.kurtosis[a] - view.kurtosis[b]
    return terms
  }

  /// The same from the terms of a resampling, which needs less precision.
  func quickEvidence(_ terms: DirectionModel.Terms, _ decay: DirectionModel.DecayPrior) -> Double {
    switch stage {
    case .auto: DirectionModel.quickEvidence(terms, decay)
    case .specialization: terms[0]
    case .generalization: -terms[0]
    }
  }

  /// The evidence of a pair from summed terms.
  func evidence(_ terms: DirectionModel.Terms, _ decay: Decay, _ prior: DirectionModel.DecayPrior) -> Double {
    switch stage {
    case .auto: DirectionModel.evidence(terms, decay, prior)
    case .specialization: terms[0]
    case .generalization: -terms[0]
    }
  }
}
