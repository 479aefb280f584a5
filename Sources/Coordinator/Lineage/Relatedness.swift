public import Core

/// Are two models related at all?
///
/// For weights that were initialised independently, the differences to each tensor's mean are
/// orthogonal up to chance: |x - y|^2 = |x|^2 + |y|^2. Training moves weights little, so
/// relatives stay far below. The ratio needs neither the number of families nor a training set.
public struct Relatedness: Sendable {
  /// |x - y|^2 / (|x|^2 + |y|^2) of the centred weights, n x n; 0 on the diagonal, NaN for
  /// pairs without shared weights, about 1 for strangers.
  public let ratio: SquareMatrix
  /// Weights that each pair shares among the tensors looked at.
  public let shared: SquareMatrix

  /// Strangers come out within a few times 1/sqrt(weights) of 1; weights of similar networks may
  /// in addition share some structure, and a tenth leaves room for that.
  private static let margin = 0.1
  private static let deviations = 8.0

  public init(_ tensors: [TensorSums], models n: Int) {
    var apart = SquareMatrix(n)
    var spread = SquareMatrix(n)
    var shared = SquareMatrix(n)
    for tensor in Evidence.linear(tensors) {
      let moments = tensor.sums.moments
      let count = Double(tensor.shape.elements)
      tensor.forEachPair { p, a, b in
        let (i, j) = (tensor.models[a], tensor.models[b])
        let shift = moments[a].mean - moments[b].mean
        // Rounding may leave a trifle below 0 when two models differ by a constant.
        let centred = max(0, tensor.sums.l2[p] - count * shift * shift)
        apart.setBoth(i, j, apart[i, j] + centred)
        spread.setBoth(i, j, spread[i, j] + moments[a].m2 + moments[b].m2)
        shared.setBoth(i, j, shared[i, j] + count)
      }
    }
    for p in apart.values.indices where p % (n + 1) != 0 {
      let (distance, scale) = (apart.values[p], spread.values[p])
      // Constant tensors on both sides: equal after centring, but that says nothing.
      apart.values[p] = scale > 0 ? distance / scale : .nan
    }
    ratio = apart
    self.shared = shared
  }

  public func areRelated(_ i: Int, _ j: Int) -> Bool {
    let bound = max(Self.margin, Self.deviations / max(1, shared[i, j]).squareRoot())
    return i == j || 1 - ratio[i, j] > bound
  }
}
