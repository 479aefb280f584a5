package import Core
package import System

/// Draws what another sample of the tensors might have said of one family.
package protocol Resampler: Sendable {
  associatedtype Draw: Sendable

  /// The random numbers of one replicate. Called in the order of the replicates, so that the numbers do not depend
  /// on the processors.
  ///
  /// - Parameters:
  ///   - number: of the replicate.
  ///   - random: one stream for all replicates.
  func draw(_ number: Int, _ random: inout RandomStream) -> Draw

  /// Called on several threads at a time.
  func replicate(_ draw: Draw) -> Replicate
}

/// Another sample's family; m nodes.
package struct Replicate: Sendable {
  /// m x m; NaN: no such edge.
  package var cost: SquareMatrix
  /// m x m, antisymmetric: positive values speak for the row's node coming before the column's.
  package var evidence: SquareMatrix

  package init(cost: SquareMatrix, evidence: SquareMatrix) {
    self.cost = cost
    self.evidence = evidence
  }
}
