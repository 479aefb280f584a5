internal import Core
internal import Glibc

/// The pairs of a family that were not compared: how far apart they are by samples of their weights, and how near they
/// may be at least.
///
/// How far samples are off is not assumed: it is the spread of the ratio of distance and estimate over all pairs of the
/// family that were compared.
package struct LeftOutPairs: Sendable {
  /// Models of the family, ascending.
  private let members: [Int]
  private let estimates: PairEstimates
  /// m x m: pairs that were compared, or of which nothing is known, are false.
  private let isLeftOut: [Bool]
  /// Mean of the log of distance over estimate; NaN where no compared pair tells.
  private let scale: Double
  /// Standard deviation of that log; infinite where too few pairs were compared to tell it.
  package let error: Double
  /// Pairs that were compared.
  package let compared: Int
  /// What the distance of a near relative is of the provisional one, at least.
  private let leastRank: Double
  /// Per member: provisional distance up to which a model may be among its near relatives.
  private let nearest: [Double]

  /// Standard deviations that an estimate may be off.
  private static let most = 5.0
  /// Fewer compared pairs do not tell how far estimates are off.
  private static let fewest = 32

  /// - Parameters:
  ///   - estimates: of all models.
  ///   - members: of the family, ascending.
  ///   - distances: n x n, exact for candidates; NaN for pairs that were not compared.
  ///   - provisional: n x n, the same with the largest distances that the angles allow.
  ///   - candidates: pairs whose distances are exact.
  /// - Returns: nil where nothing is left out.
  init?(
    _ estimates: PairEstimates, _ members: [Int], distances: SquareMatrix, provisional: SquareMatrix,
    candidates: Candidates
  ) {
    let m = members.count
    var (isLeftOut, leftOut, compared) = (Array(repeating: false, count: m * m), 0, 0)
    var (count, sum, squares, least) = (0.0, 0.0, 0.0, 1.0)
    PairIndex(m).forEach { _, a, b in
      let (i, j) = (members[a], members[b])
      let (estimate, known) = (Double(estimates[i, j]), provisional[i, j])
      guard !known.isNaN else {
        guard estimate.isFinite else { return }
        leftOut += 1
        (isLeftOut[a * m + b], isLeftOut[b * m + a]) = (true, true)
        return
      }
      compared += 1
      guard estimate > 0, known > 0, estimate.isFinite, known.isFinite else { return }
      let ratio = log(known / estimate)
      (count, sum, squares) = (count + 1, sum + ratio, squares + ratio * ratio)
      if candidates.place(i, j) != nil { least = min(least, distances[i, j] / known) }
    }
    guard leftOut > 0 else { return nil }
    self.members = members
    self.estimates = estimates
    self.isLeftOut = isLeftOut
    self.compared = compared
    scale = sum / count
    error = count < Double(Self.fewest) ? .infinity : max(0, squares / count - scale * scale).squareRoot()
    leastRank = least
    nearest = members.map { model in
      let known = members.compactMap { $0 == model || provisional[$0, model].isNaN ? nil : provisional[$0, model] }
      guard m > Candidates.small, known.count > Candidates.nearest else { return .infinity }
      return known.sorted()[Candidates.nearest - 1]
    }
  }

  /// - Parameters:
  ///   - a: place of one model among the members; `b` of the other.
  func isLeftOut(_ a: Int, _ b: Int) -> Bool { isLeftOut[a * members.count + b] }

  /// The distance to be expected of a pair that was left out.
  func expected(_ a: Int, _ b: Int) -> Double { exp(scale) * Double(estimates[members[a], members[b]]) }

  /// The least distance that a pair which was left out may have: that of a pair which is not among the nearest, or, where
  /// it may be one of these, with an update in as few directions as any of the family.
  func least(_ a: Int, _ b: Int) -> Double {
    guard error.isFinite else { return 0 }
    let least = exp(-Self.most * error) * expected(a, b)
    return least < max(nearest[a], nearest[b]) ? leastRank * least : least
  }

  /// Distances of all members, with what is expected of those that were left out.
  ///
  /// - Parameter distances: m x m.
  func completed(_ distances: SquareMatrix) -> SquareMatrix {
    guard scale.isFinite else { return distances }
    var completed = distances
    for a in members.indices {
      for b in members.indices where isLeftOut(a, b) { completed[a, b] = expected(a, b) }
    }
    return completed
  }
}

/// What leaving pairs out means for a family.
package struct LeftOutFinding: Sendable {
  /// A model that may be nearer than the parent that was found, as far as is known.
  package struct Rival: Sendable, Equatable {
    package var model: Int
    /// At least.
    package var distance: Double
  }

  /// Models, ascending.
  package let members: [Int]
  /// Pairs that were compared.
  package let compared: Int
  /// Standard deviation of the log of distance over estimate.
  package let error: Double
  /// That of all pairs, those included that were left out as it is expected.
  package let meanDistance: Double
  /// Models whose edges might be others if pairs were compared that were left out; no roots.
  package let unexcluded: Set<Int>
  /// Of these: the model that comes first in question.
  package let rivals: [Int: Rival]
}
