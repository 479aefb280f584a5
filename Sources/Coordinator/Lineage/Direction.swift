public import Core

/// Who came first?
///
/// For each pair the evidence is a number that is positive when `i` looks like an ancestor of `j`;
/// it is antisymmetric. Only tensors that both models have are looked at.
public struct Direction: Sendable {
  public let stage: Stage
  private let index: PairIndex
  private var terms: [DirectionModel.Terms]
  private var shrinkage: Shrinkage
  private var totals: [Double]

  /// - Parameter rounding: unit roundoff of the type that each model is stored in.
  public init(stage: Stage, rounding: [Double]) {
    self.stage = stage
    index = PairIndex(rounding.count)
    terms = Array(repeating: .zero, count: index.count)
    shrinkage = Shrinkage(rounding: rounding)
    totals = Array(repeating: 0, count: rounding.count)
  }

  /// - Parameter isLinear: does the tensor count for the scores, or only for the decay?
  public mutating func add(_ view: TensorView, isLinear: Bool) {
    let tensor = view.tensor
    if stage == .auto { shrinkage.add(tensor) }
    guard isLinear else { return }
    for (a, i) in tensor.models.enumerated() {
      totals[i] += stage == .auto ? view.energies[a] : view.kurtosis[a]
    }
    tensor.forEachPair { p, a, b in
      let pair = index(tensor.models[a], tensor.models[b])
      terms[pair] += terms(view, p, a, b)
    }
  }

  /// What one tensor says of a pair. For kurtosis the first place alone is used: the difference of
  /// the two, first minus second.
  func terms(_ view: TensorView, _ pair: Int, _ a: Int, _ b: Int) -> DirectionModel.Terms {
    guard stage != .auto else { return view.terms(pair, a, b) }
    var terms = DirectionModel.Terms.zero
    terms[0] = view.kurtosis[a] - view.kurtosis[b]
    return terms
  }

  /// A directional score per model, over the tensors it was compared on: log of the energy (`auto`)
  /// or summed kurtosis; NaN for a model without weights.
  public var scores: [Double] {
    stage == .auto ? totals.map { $0 > 0 ? Logarithm.of($0) : .nan } : totals
  }

  /// n x n, antisymmetric: > 0 speaks for i before j, 0 for nothing. In nats for `auto`.
  public var evidence: SquareMatrix {
    var matrix = SquareMatrix(totals.count)
    index.forEach { p, i, j in
      let value = evidence(i, j, terms: terms[p])
      matrix[i, j] = value
      matrix[j, i] = -value
    }
    return matrix
  }

  /// The evidence of a pair i < j from given sums, for resampled tensors.
  func evidence(_ i: Int, _ j: Int, terms: DirectionModel.Terms) -> Double {
    switch stage {
    case .auto:
      return DirectionModel.evidence(terms, shrinkage.decay(i, j))
    case .specialization: return terms[0]
    case .generalization: return -terms[0]
    }
  }
}
