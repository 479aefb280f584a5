public import Core

/// How far two models are apart, from the sums of the tensors they share.
public enum DistanceMetric: String, Sendable, CaseIterable, Codable {
  /// Mean over linear maps of the Frobenius norm of the difference. Tensors count alike, so a
  /// large or lively one does not drown the rest.
  case auto
  /// Euclidean distance over all shared weights.
  case l2
  /// Sum of absolute differences over all shared weights.
  case l1
  /// Largest absolute difference of any shared weight.
  case max

  /// What the shards must compute for it.
  public var statistics: Statistics {
    switch self {
    case .auto, .l2: []
    case .l1: .l1
    case .max: .max
    }
  }

  /// The definition, for people and for result files.
  public var definition: String {
    switch self {
    case .auto: "mean over linear maps of the Frobenius norm of the difference"
    case .l2: "square root of the sum of squared differences over all shared tensors"
    case .l1: "sum of absolute differences over all shared tensors"
    case .max: "largest absolute difference over all shared tensors"
    }
  }

  /// - Returns: n x n, symmetric, zero diagonal; NaN for pairs that share no tensor it looks at.
  public func matrix(_ tensors: [TensorSums], models n: Int) -> SquareMatrix {
    var sums = SquareMatrix(n)
    var counts = SquareMatrix(n)
    for tensor in relevant(tensors) {
      tensor.forEachPair { p, a, b in
        let (i, j) = (tensor.models[a], tensor.models[b])
        let value =
          switch self {
          case .auto: sums[i, j] + tensor.sums.l2[p].squareRoot()
          case .l2: sums[i, j] + tensor.sums.l2[p]
          case .l1: sums[i, j] + tensor.sums.l1[p]
          case .max: Swift.max(sums[i, j], tensor.sums.max[p])
          }
        sums.setBoth(i, j, value)
        counts.setBoth(i, j, counts[i, j] + 1)
      }
    }
    for p in sums.values.indices where p % (n + 1) != 0 {
      let count = counts.values[p]
      switch self {
      case _ where count == 0: sums.values[p] = .nan
      case .auto: sums.values[p] /= count
      case .l2: sums.values[p] = sums.values[p].squareRoot()
      case .l1, .max: break
      }
    }
    return sums
  }

  private func relevant(_ tensors: [TensorSums]) -> [TensorSums] {
    self == .auto ? Evidence.linear(tensors) : tensors
  }
}
