/// The numerical rank of the difference of two stored tensors, and how it was found.
package struct DifferenceRank: Sendable, Hashable {
  package let rank: UInt16
  /// `numpy.linalg.matrix_rank` of the difference in float32 gives the same number. Otherwise the
  /// rank is an estimate: the number of singular values above the noise that rounding left.
  package let isExact: Bool
  /// The true rank may be larger: the sketch cannot show more, or more is hidden in the noise of rounding than that
  /// noise explains.
  package let isSaturated: Bool

  package init(rank: Int, isExact: Bool, isSaturated: Bool) {
    self.rank = UInt16(clamping: rank)
    self.isExact = isExact
    self.isSaturated = isSaturated
  }
}
