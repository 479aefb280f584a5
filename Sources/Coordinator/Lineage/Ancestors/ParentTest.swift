/// Is the parent that was found the parent, or is the parent absent and the two are siblings?
package struct ParentTest: Sendable, Equatable {
  /// How much better siblings explain the energies of the two, see `DirectionModel.siblings`; in nats, positive values
  /// speak for siblings.
  package var energies: Double
  /// Twice the growth of the token tables over their squared distance: about 1 from parent to child, anything between
  /// -1 and 1 between siblings; nil where no table moved.
  package var tables: Double?

  package init(energies: Double, tables: Double? = nil) {
    self.energies = energies
    self.tables = tables
  }

  /// Errors of the encodings are at most such a share of the squared angle.
  private static let mostNoise = 0.25

  /// - Parameter error: of the encodings of both, in squares, over the mean square of the weights.
  /// - Returns: nil where nothing is known of the pair, or errors of rounding look like growth.
  init?(parent: Int, child: Int, error: Double, _ pairs: PairStatistics) {
    guard error <= Self.mostNoise * pairs.meanSquaredAngle(parent: parent, child: child) else { return nil }
    // A part that was replaced is no growth, and says nothing of siblings.
    guard !pairs.isPatched(parent: parent, child: child),
      let odds = pairs.siblingOdds(parent: parent, child: child)
    else { return nil }
    energies = odds
    tables = pairs.tableGrowth(parent: parent, child: child).map { 2 * $0 }
  }
}
