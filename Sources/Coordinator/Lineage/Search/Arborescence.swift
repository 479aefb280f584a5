package import Core

/// The minimum directed spanning tree of a dense graph, root free.
///
/// Chu-Liu/Edmonds in Tarjan's (1977) form for dense graphs with the path growing of Gabow, Galil,
/// Spencer and Tarjan (1986): O(n^2) time, one copy of the matrix. Where the edges do not reach
/// everything from one root, the result is a forest with as few roots as possible.
package enum Arborescence {
  /// - Parameter cost: cost[i, j] of the edge i -> j; NaN or infinite: no such edge. The diagonal
  ///   is ignored.
  /// - Returns: the parent of each node, nil for roots. Ties go to the lower index.
  package static func parents(_ cost: SquareMatrix) -> [Int?] {
    var search = Search(Edges.columns(cost))
    return search.run()
  }

  /// The edges of one graph, for several searches.
  struct Edges {
    private let columns: [[Double]]

    /// - Parameter cost: see `parents`.
    init(_ cost: SquareMatrix) { columns = Self.columns(cost) }

    /// - Parameter root: into which no edge may lead; nil: free.
    /// - Returns: see `parents`.
    func parents(root: Int? = nil) -> [Int?] {
      var columns = columns
      if let root { columns[root] = Array(repeating: .infinity, count: columns.count) }
      var search = Search(columns)
      return search.run()
    }

    /// The matrix by columns, infinite where there is no edge. Square tiles, so that rows are read and
    /// columns written within the cache.
    fileprivate static func columns(_ cost: SquareMatrix) -> [[Double]] {
      let n = cost.n
      var columns = (0..<n).map { _ in Array(repeating: Double.infinity, count: n) }
      let tile = 64
      cost.values.withUnsafeBufferPointer { values in
        for left in stride(from: 0, to: n, by: tile) {
          for top in stride(from: 0, to: n, by: tile) {
            for j in left..<min(left + tile, n) {
              columns[j].withUnsafeMutableBufferPointer { column in
                for i in top..<min(top + tile, n) {
                  let value = values[i * n + j]
                  column[i] = i == j || value.isNaN ? .infinity : value
                }
              }
            }
          }
        }
      }
      return columns
    }
  }

  /// Contracted nodes are numbered from n on; node n of the sources is the virtual root.
  private struct Search {
    let n: Int
    /// into[c][u]: cost of the cheapest edge from node u into component c, after the reductions.
    var into: [[Double]]
    /// head[c][u]: the node inside c at which that edge ends; empty for single nodes.
    var head: [[Int32]]
    /// Cost of the virtual root's edge into c, and the node it ends at. It is taken only when
    /// nothing else leads into c, so it never competes with real edges.
    var rootCost: [Double]
    var rootHead: [Int]
    /// component[u]: the outermost component that node u is in.
    var component: [Int]
    var members: [[Int]]
    var enclosing: [Int?]
    var entry: [(source: Int?, head: Int)?]
    var closed: [Bool]
    /// Is or was it on the growing path? What was on it is closed or contracted by now, and is not met again.
    var onPath: [Bool]

    init(_ columns: [[Double]]) {
      let n = columns.count
      self.n = n
      into = columns
      head = Array(repeating: [], count: n)
      rootCost = Array(repeating: 0, count: n)
      rootHead = Array(0..<n)
      component = Array(0..<n)
      members = Array(repeating: [], count: n)
      enclosing = Array(repeating: nil, count: n)
      entry = Array(repeating: nil, count: n)
      closed = Array(repeating: false, count: n)
      onPath = closed
    }

    private func end(of component: Int, from source: Int) -> Int {
      head[component].isEmpty ? component : Int(head[component][source])
    }

    mutating func run() -> [Int?] {
      for start in 0..<n where !closed[component[start]] { grow(from: component[start]) }
      return expanded()
    }

    /// Follows cheapest entering edges backwards, contracting cycles, until the virtual root or a
    /// finished part is met.
    private mutating func grow(from start: Int) {
      var path = [start]
      onPath[start] = true
      while let c = path.last {
        guard let source = cheapestSource(of: c) else {
          entry[c] = (nil, rootHead[c])
          break
        }
        entry[c] = (source, end(of: c, from: source))
        let d = component[source]
        if closed[d] { break }
        if !onPath[d] {
          onPath[d] = true
          path.append(d)
          continue
        }
        guard let first = path.firstIndex(of: d) else { break }
        let cycle = Array(path[first...])
        path.removeLast(cycle.count)
        let merged = contract(cycle)
        path.append(merged)
      }
      for c in path { closed[c] = true }
    }

    private func cheapestSource(of c: Int) -> Int? {
      var best: Int?
      var least = Double.infinity
      for u in 0..<n where into[c][u] < least && component[u] != c {
        least = into[c][u]
        best = u
      }
      return best
    }

    private mutating func contract(_ cycle: [Int]) -> Int {
      let merged = into.count
      var costs = Array(repeating: Double.infinity, count: n)
      var heads = Array(repeating: Int32(0), count: n)
      var fromRoot = Double.infinity
      var fromRootHead = 0
      // Members by index of their heads' nodes, so that ties do not depend on the path taken.
      for c in cycle.sorted() {
        guard let (source, _) = entry[c], let source else { continue }
        let paid = into[c][source]
        for u in 0..<n where into[c][u] - paid < costs[u] {
          costs[u] = into[c][u] - paid
          heads[u] = Int32(end(of: c, from: u))
        }
        if rootCost[c] - paid < fromRoot {
          fromRoot = rootCost[c] - paid
          fromRootHead = rootHead[c]
        }
        into[c] = []
        head[c] = []
        enclosing[c] = merged
      }
      for u in 0..<n where enclosing[component[u]] == merged { component[u] = merged }
      into.append(costs)
      head.append(heads)
      rootCost.append(fromRoot)
      rootHead.append(fromRootHead)
      members.append(cycle)
      enclosing.append(nil)
      entry.append(nil)
      closed.append(false)
      onPath.append(true)
      return merged
    }

    /// From the outside in: the edge that enters a component replaces the cycle's edge into the
    /// member at which it ends.
    private func expanded() -> [Int?] {
      var parents: [Int?] = Array(repeating: nil, count: n)
      var open = enclosing.indices.filter { enclosing[$0] == nil }
      while let c = open.popLast() {
        guard let (source, end) = entry[c] else { continue }
        parents[end] = source
        var inner = end
        while inner != c, let outer = enclosing[inner] {
          open += members[outer].filter { $0 != inner }
          inner = outer
        }
      }
      return parents
    }
  }
}
