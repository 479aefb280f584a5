package import Core

/// What the edges between the nodes of a family cost.
package protocol EdgeCosts {
  /// Nodes.
  var n: Int { get }

  /// Of the edge i -> j; NaN or infinite: no such edge.
  subscript(i: Int, j: Int) -> Double { get }

  mutating func removeEdge(from i: Int, to j: Int)

  /// Removes all edges into j but those from some nodes.
  mutating func keepEdges(to j: Int, from nodes: [Int])

  /// The cycles of cheapest edges; see `Contraction`.
  var contraction: Contraction { get }
}

extension SquareMatrix: EdgeCosts {
  package mutating func removeEdge(from i: Int, to j: Int) { self[i, j] = .nan }

  package mutating func keepEdges(to j: Int, from nodes: [Int]) {
    for i in 0..<n where !nodes.contains(i) { self[i, j] = .nan }
  }

  package var contraction: Contraction { Contraction(DenseEdges(self)) }
}
