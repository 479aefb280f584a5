/// The costs of a sparse graph's edges, of which bounds are known at once. A cost itself is asked for where its edge may be
/// taken: of most edges the bound alone is above what is paid instead.
package struct BoundedCosts: EdgeCosts {
  /// NaN: no such edge.
  private var bounds: SparseMatrix
  private let exact: (_ place: Int) -> Double

  /// - Parameters:
  ///   - bounds: no cost is below its bound; NaN: no such edge.
  ///   - exact: the cost by the place of an entry; the same whenever it is asked for.
  package init(_ bounds: SparseMatrix, exact: @escaping (_ place: Int) -> Double) {
    self.bounds = bounds
    self.exact = exact
  }

  package var n: Int { bounds.n }

  package subscript(i: Int, j: Int) -> Double {
    guard let place = bounds.pattern.place(i, j), !bounds.values[place].isNaN else { return .nan }
    return exact(place)
  }

  package mutating func removeEdge(from i: Int, to j: Int) {
    if let place = bounds.pattern.place(i, j) { bounds.values[place] = .nan }
  }

  package mutating func keepEdges(to j: Int, from nodes: [Int]) {
    let pattern = bounds.pattern
    for place in pattern.starts[j]..<pattern.starts[j + 1] where !nodes.contains(Int(pattern.rows[place])) {
      bounds.values[place] = .nan
    }
  }

  package var contraction: Contraction { Contraction(HeapedEdges(bounds, exact: exact)) }
}
