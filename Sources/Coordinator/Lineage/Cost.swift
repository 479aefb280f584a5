public import Core
internal import Glibc

/// What the arborescence minimises.
public enum Cost {
  /// T of the paper: 1 where the evidence speaks against i being the parent of j, else 0.
  public static func direction(_ evidence: SquareMatrix) -> SquareMatrix {
    var t = evidence
    for p in t.values.indices { t.values[p] = evidence.values[p] < 0 ? 1 : 0 }
    return t
  }

  /// How much an edge i -> j goes against the evidence, from 0 to 1: T itself for the published
  /// scores; for log likelihood ratios a smooth T, a third of softplus(-evidence), so that a doubt
  /// costs little and a contradiction much.
  public static func penalty(_ evidence: Double, stage: Stage) -> Double {
    guard stage == .auto else { return evidence < 0 ? 1 : 0 }
    guard evidence > -50 else { return 1 }
    return min(1, log1p(exp(-evidence)) / 3)
  }

  /// What trained tokens cost, in mean distances times their share: as much as makes one row in a
  /// few hundred count, so that distances decide among equals.
  static let touchedTokens = 50.0

  /// M = D + lambda * mean(D) * T (paper, section 4.3): an edge against the direction costs extra.
  ///
  /// - Parameters:
  ///   - distances: n x n; NaN stays NaN, there is no such edge.
  ///   - direction: n x n, from 0 to 1: how much an edge i -> j goes against the scores.
  /// - Returns: M[i][j] is the cost of i being the parent of j; the diagonal is 0. The mean is
  ///   over all n^2 entries that are a number, the zero diagonal included.
  public static func matrix(distances: SquareMatrix, direction: SquareMatrix, lambda: Double)
    -> SquareMatrix
  {
    let penalty = lambda * mean(distances)
    var cost = distances
    cost.values.withUnsafeMutableBufferPointer { cost in
      direction.values.withUnsafeBufferPointer { direction in
        for p in cost.indices { cost[p] += penalty * direction[p] }
      }
    }
    return cost
  }

  /// Mean of the entries that are a number; 0 when there are none.
  public static func mean(_ distances: SquareMatrix) -> Double {
    var (sum, count) = (0.0, 0.0)
    for value in distances.values where !value.isNaN {
      sum += value
      count += 1
    }
    return count > 0 ? sum / count : 0
  }
}
