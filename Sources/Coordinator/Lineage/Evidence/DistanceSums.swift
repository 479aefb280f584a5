package import Core

/// The distances of all pairs by one metric, added up tensor by tensor.
package struct DistanceSums: Sendable {
  package let metric: DistanceMetric
  private var sums: SquareMatrix
  private var counts: SquareMatrix

  package init(_ metric: DistanceMetric, models n: Int) {
    self.metric = metric
    sums = SquareMatrix(n)
    counts = SquareMatrix(n)
  }

  /// - Parameter scope: nil: all tensors count.
  package mutating func add(_ view: TensorView, _ scope: Scope? = nil) {
    view.tensor.forEachPair { p, a, b in
      let (i, j) = (view.tensor.models[a], view.tensor.models[b])
      guard !metric.isLinear || scope?.includes(view.tensor.role, i, j) != false else { return }
      let term = metric.term(view, p, a, b, effectiveRank: view.largestEffectiveRank)
      sums.setBoth(i, j, metric.combine(sums[i, j], term))
      counts.setBoth(i, j, counts[i, j] + 1)
    }
  }

  /// n x n, symmetric, zero diagonal; NaN for pairs that share no tensor that the metric uses.
  package var matrix: SquareMatrix {
    var matrix = sums
    for p in matrix.values.indices where p % (matrix.n + 1) != 0 {
      matrix.values[p] = metric.distance(sums.values[p], counts.values[p])
    }
    return matrix
  }
}
