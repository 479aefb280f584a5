package import Core

/// The minimum directed spanning tree of a graph, root free. Where the edges do not reach everything from one root,
/// the result is a forest with as few roots as possible.
package enum Arborescence {
  /// - Parameter cost: cost[i, j] of the edge i -> j; NaN or infinite: no such edge. The diagonal
  ///   is ignored.
  /// - Returns: the parent of each node, nil for roots. Ties go to the lower index.
  package static func parents(_ cost: SquareMatrix) -> [Int?] { cost.contraction.parents() }
}
