internal import Core

/// The edges of a dense graph: O(n^2) in all, one copy of the matrix.
struct DenseEdges: EnteringEdges {
  let n: Int
  /// into[c][u]: cost of the cheapest edge from node u into component c, after the reductions.
  private var into: [[Double]]
  /// heads[c][u]: the node inside c at which that edge ends; empty for single nodes.
  private var heads: [[Int32]]

  /// Square tiles, so that rows are read and columns written within the cache.
  private static let tile = 64

  /// - Parameter cost: cost[i, j] of the edge i -> j; NaN or infinite: no such edge. The diagonal is ignored.
  init(_ cost: SquareMatrix) {
    let n = cost.n
    var columns = (0..<n).map { _ in Array(repeating: Double.infinity, count: n) }
    cost.values.withUnsafeBufferPointer { values in
      for left in stride(from: 0, to: n, by: Self.tile) {
        for top in stride(from: 0, to: n, by: Self.tile) {
          for j in left..<min(left + Self.tile, n) {
            columns[j].withUnsafeMutableBufferPointer { column in
              for i in top..<min(top + Self.tile, n) {
                let value = values[i * n + j]
                column[i] = i == j || value.isNaN ? .infinity : value
              }
            }
          }
        }
      }
    }
    self.n = n
    into = columns
    heads = Array(repeating: [], count: n)
  }

  mutating func cheapest(into component: Int, _ partition: Partition) -> EnteringEdge? {
    let own = partition.label(of: component)
    var best: Int?
    var least = Double.infinity
    into[component].withUnsafeBufferPointer { costs in
      partition.labels.withUnsafeBufferPointer { labels in
        for u in 0..<n where costs[u] < least && labels[u] != own {
          least = costs[u]
          best = u
        }
      }
    }
    return best.map { source in
      EnteringEdge(
        source: source, head: heads[component].isEmpty ? component : Int(heads[component][source]), cost: least)
    }
  }

  mutating func contract(_ cycle: [(member: Int, paid: Double)]) {
    var costs = Array(repeating: Double.infinity, count: n)
    var ends = Array(repeating: Int32(0), count: n)
    for (member, paid) in cycle {
      let (own, inner) = (into[member], heads[member])
      for u in 0..<n where own[u] - paid < costs[u] {
        costs[u] = own[u] - paid
        ends[u] = inner.isEmpty ? Int32(member) : inner[u]
      }
      into[member] = []
      heads[member] = []
    }
    into.append(costs)
    heads.append(ends)
  }
}
