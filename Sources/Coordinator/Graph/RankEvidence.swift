/// How the rank of a low-rank update was found; ordered from strongest to weakest.
package enum RankEvidence: String, Sendable, Hashable, Codable {
  /// `numpy.linalg.matrix_rank` of the float32 differences gives the same.
  case exact
  /// Singular values above the noise that rounding left in the stored weights.
  case estimated
  /// The same, in random submatrices.
  case sampled

  /// What can be said of two findings together: the weaker of the two.
  package func weaker(_ other: RankEvidence) -> RankEvidence {
    let order: [RankEvidence] = [.exact, .estimated, .sampled]
    return order.last { $0 == self || $0 == other } ?? self
  }
}
