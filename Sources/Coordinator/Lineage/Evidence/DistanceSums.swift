package import Core

/// The distances of all pairs by one metric, added up tensor by tensor.
package struct DistanceSums: Sendable {
  package let metric: DistanceMetric
  private let index: PairIndex
  /// By pair: the sum, and how many tensors count.
  private var sums: [Double]
  private var counts: [Double]

  package init(_ metric: DistanceMetric, models n: Int) {
    self.metric = metric
    index = PairIndex(n)
    sums = Array(repeating: 0, count: index.count)
    counts = sums
  }

  /// - Parameters:
  ///   - view: sums of one tensor over all pairs.
  ///   - scope: which tensors count; nil: all.
  package mutating func add(_ view: TensorView, _ scope: Scope? = nil) {
    view.tensor.forEachPair { p, a, b in
      let (i, j) = (view.tensor.models[a], view.tensor.models[b])
      guard !metric.isLinear || scope?.includes(view.tensor.role, i, j) != false else { return }
      let term = metric.term(view, p, a, b, effectiveRank: view.largestEffectiveRank)
      let place = index(i, j)
      sums[place] = metric.combine(sums[place], term)
      counts[place] += 1
    }
  }

  /// n x n, symmetric, zero diagonal; NaN for pairs that share no tensor that the metric uses.
  package var matrix: SquareMatrix {
    var matrix = SquareMatrix(index.n)
    index.forEach { place, i, j in matrix.setBoth(i, j, metric.distance(sums[place], counts[place])) }
    return matrix
  }
}
