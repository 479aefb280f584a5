public import Core

/// What the arborescence minimises.
public enum Cost {
  /// M = D + lambda * mean(D) * T (paper, section 4.3): an edge against the direction costs extra.
  ///
  /// - Parameters:
  ///   - distances: n x n; NaN stays NaN, there is no such edge.
  ///   - direction: n x n, 1 where an edge i -> j goes against the scores.
  /// - Returns: M[i][j] is the cost of i being the parent of j; the diagonal is 0. The mean is
  ///   over all n^2 entries that are a number, the zero diagonal included.
  public static func matrix(distances: SquareMatrix, direction: SquareMatrix, lambda: Double)
    -> SquareMatrix
  {
    let known = distances.values.filter { !$0.isNaN }
    let mean = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    var cost = distances
    for p in cost.values.indices { cost.values[p] += lambda * mean * direction.values[p] }
    return cost
  }
}
