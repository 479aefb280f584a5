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
    var (sum, count) = (0.0, 0.0)
    for value in distances.values where !value.isNaN {
      sum += value
      count += 1
    }
    let penalty = count > 0 ? lambda * sum / count : 0
    var cost = distances
    cost.values.withUnsafeMutableBufferPointer { cost in
      direction.values.withUnsafeBufferPointer { direction in
        for p in cost.indices { cost[p] += penalty * direction[p] }
      }
    }
    return cost
  }
}
