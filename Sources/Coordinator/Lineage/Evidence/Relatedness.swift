public import Core

/// Are two models related at all?
///
/// For weights that were initialized independently, the differences to each tensor's mean are
/// orthogonal up to chance: |x - y|^2 = |x|^2 + |y|^2. Training moves weights little, so
/// relatives stay far below. The ratio needs neither the number of families nor a training set.
public struct Relatedness: Sendable {
  private var apart: SquareMatrix
  /// Sums of the two models' squared deviations from their means.
  private var energies: SquareMatrix
  /// Products of the two norms, summed over tensors.
  private var lengths: SquareMatrix
  private var shared: SquareMatrix

  /// Strangers are within a few times 1/sqrt(weights) of 1: over linear maps, the cosine of
  /// independent models times sqrt(weights) has a standard deviation of 0.9 to 1.5. Eight of them
  /// are exceeded by chance once in 1e7 pairs even at 1.5. Weights of similar networks may in addition
  /// share some structure; the margin leaves room for that.
  private static let margin = 0.03
  private static let deviations = 8.0

  public init(models n: Int) {
    apart = SquareMatrix(n)
    energies = apart
    lengths = apart
    shared = apart
  }

  public mutating func add(_ view: TensorView) {
    let tensor = view.tensor
    let moments = tensor.sums.moments
    let count = Double(tensor.shape.elements)
    tensor.forEachPair { p, a, b in
      let (i, j) = (tensor.models[a], tensor.models[b])
      let shift = moments[a].mean - moments[b].mean
      // Rounding may leave slightly less than 0 when two models differ by a constant.
      let centered = max(0, tensor.sums.l2[p] - count * shift * shift)
      apart.setBoth(i, j, apart[i, j] + centered)
      energies.setBoth(i, j, energies[i, j] + moments[a].m2 + moments[b].m2)
      lengths.setBoth(i, j, lengths[i, j] + (moments[a].m2 * moments[b].m2).squareRoot())
      shared.setBoth(i, j, shared[i, j] + count)
    }
  }

  /// |x - y|^2 / (|x|^2 + |y|^2) of the centered weights, n x n; 0 on the diagonal, NaN for pairs
  /// without shared weights, about 1 for strangers.
  public var ratio: SquareMatrix {
    var ratio = apart
    for p in ratio.values.indices where p % (ratio.n + 1) != 0 {
      // Constant tensors on both sides: equal after centering, but that says nothing.
      ratio.values[p] = energies.values[p] > 0 ? apart.values[p] / energies.values[p] : .nan
    }
    return ratio
  }

  public func areRelated(_ i: Int, _ j: Int) -> Bool {
    guard i != j else { return true }
    guard lengths[i, j] > 0 else { return false }
    let bound = max(Self.margin, Self.deviations / max(1, shared[i, j]).squareRoot())
    // The cosine: the same as 1 less the ratio for models of one length, and no smaller where decay has
    // left one of them short.
    return (energies[i, j] - apart[i, j]) / (2 * lengths[i, j]) > bound
  }
}
