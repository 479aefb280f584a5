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

  /// - Returns: nil where nothing is known of the pair.
  init?(parent: Int, child: Int, _ pairs: PairStatistics) {
    // A part that was replaced is no growth, and says nothing of siblings.
    guard !pairs.isPatched(parent: parent, child: child),
      let odds = pairs.siblingOdds(parent: parent, child: child)
    else { return nil }
    energies = odds
    tables = pairs.tableGrowth(parent: parent, child: child).map { 2 * $0 }
  }
}
