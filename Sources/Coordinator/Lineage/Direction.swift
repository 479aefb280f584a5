public import Core

/// Who came first?
///
/// For each pair the evidence is a number that is positive when `i` looks like an ancestor of `j`;
/// it is antisymmetric. Only tensors that both models have are looked at.
public struct Direction: Sendable {
  /// A directional score per model, over the tensors it was compared on: log of the energy
  /// (`auto`) or summed kurtosis.
  public let scores: [Double]
  /// n x n, antisymmetric: > 0 speaks for i before j, 0 for nothing.
  public let evidence: SquareMatrix

  /// Log shrinkage of norms from i to j that the evidence was corrected by; 0 without correction.
  let shrinkage: SquareMatrix

  /// Collinear rows below which the shrinkage is not believed.
  static let fewestRows = 8.0

  public init(_ tensors: [TensorSums], models n: Int, stage: Stage) {
    let linear = Evidence.linear(tensors)
    switch stage {
    case .auto:
      shrinkage = Self.shrinkage(tensors, models: n)
      (scores, evidence) = Self.energy(linear, n, shrinkage)
    case .specialization, .generalization:
      shrinkage = SquareMatrix(n)
      let sign = stage == .specialization ? 1.0 : -1.0
      (scores, evidence) = Self.kurtosis(linear, n, sign)
    }
  }

  /// T[i][j] = 1 when the scores speak against i being the parent of j.
  public var matrix: SquareMatrix {
    var t = SquareMatrix(evidence.n)
    for p in t.values.indices { t.values[p] = evidence.values[p] < 0 ? 1 : 0 }
    return t
  }

  /// log E_j - log E_i - 2 s_ij, with E the sum of squares over shared linear maps.
  private static func energy(_ tensors: [TensorSums], _ n: Int, _ shrinkage: SquareMatrix)
    -> ([Double], SquareMatrix)
  {
    // own[i, j]: energy of i over the tensors that it shares with j.
    var own = SquareMatrix(n)
    var total = Array(repeating: 0.0, count: n)
    for tensor in tensors {
      let energies = tensor.sums.moments.map(\.energy)
      for (a, i) in tensor.models.enumerated() {
        total[i] += energies[a]
        for (b, j) in tensor.models.enumerated() where a != b { own[i, j] += energies[a] }
      }
    }
    let evidence = antisymmetric(n) { i, j in
      guard own[i, j] > 0, own[j, i] > 0 else { return 0 }
      return Logarithm.of(own[j, i]) - Logarithm.of(own[i, j]) - 2 * shrinkage[i, j]
    }
    return (total.map { $0 > 0 ? Logarithm.of($0) : .nan }, evidence)
  }

  /// Sum over shared linear maps of kurtosis(i) - kurtosis(j), times the sign.
  private static func kurtosis(_ tensors: [TensorSums], _ n: Int, _ sign: Double)
    -> ([Double], SquareMatrix)
  {
    var own = SquareMatrix(n)
    var total = Array(repeating: 0.0, count: n)
    for tensor in tensors {
      let values = tensor.sums.moments.map (\.finiteKurtosis)
      for (a, i) in tensor.models.enumerated() {
        total[i] += values[a]
        for (b, j) in tensor.models.enumerated() where a != b { own[i, j] += values[a] }
      }
    }
    return (total, antisymmetric(n) { i, j in sign * (own[i, j] - own[j, i]) })
  }

  /// Mean log ratio of the norms of collinear embedding rows, row of j over row of i: what weight
  /// decay alone did to weights that no gradient touched. 0 where too few rows are collinear.
  static func shrinkage(_ tensors: [TensorSums], models n: Int) -> SquareMatrix {
    var rows = SquareMatrix(n)
    var logs = SquareMatrix(n)
    for tensor in tensors where !tensor.sums.logShrinkage.isEmpty {
      tensor.forEachPair { p, a, b in
        let (i, j) = (tensor.models[a], tensor.models[b])
        rows[i, j] += tensor.sums.collinearRows[p]
        logs[i, j] += tensor.sums.logShrinkage[p]
      }
    }
    return antisymmetric(n) { i, j in
      rows[i, j] >= fewestRows ? logs[i, j] / rows[i, j] : 0
    }
  }

  /// Fills from the pairs i < j.
  private static func antisymmetric(_ n: Int, _ value: (Int, Int) -> Double) -> SquareMatrix {
    var matrix = SquareMatrix(n)
    PairIndex(n).forEach { _, i, j in
      let v = value(i, j)
      matrix[i, j] = v
      matrix[j, i] = -v
    }
    return matrix
  }
}
