internal import Core

/// Agglomerative clustering with Ward's criterion, O(n^2) by nearest-neighbor chains.
///
/// Source: Müllner, "Modern hierarchical, agglomerative clustering algorithms" (2011), section 3.2;
/// distances as `scipy.cluster.hierarchy.linkage(..., "ward")`.
enum WardLinkage {
  struct Merge: Equatable {
    /// Any member of each of the two clusters.
    var a: Int
    var b: Int
    var distance: Double
  }

  /// - Returns: the n - 1 merges by ascending distance.
  static func merges(_ distances: SquareMatrix) -> [Merge] {
    let n = distances.n
    guard n > 1 else { return [] }
    var d = distances
    var size = Array(repeating: 1.0, count: n)
    var alive = Array(repeating: true, count: n)
    var chain: [Int] = []
    var merges: [Merge] = []
    while merges.count < n - 1 {
      if chain.isEmpty, let first = alive.firstIndex(of: true) { chain = [first] }
      let x = chain[chain.count - 1]
      let previous = chain.count > 1 ? chain[chain.count - 2] : nil
      // The one before in the chain wins ties, so that the chain cannot run in circles.
      var nearest = previous ?? -1
      var least = previous.map { d[x, $0] } ?? .infinity
      for j in 0..<n where alive[j] && j != x && (d[x, j] < least || nearest < 0) {
        (nearest, least) = (j, d[x, j])
      }
      guard nearest == previous else {
        chain.append(nearest)
        continue
      }
      chain.removeLast(2)
      let (keep, gone) = (min(x, nearest), max(x, nearest))
      merges.append(Merge(a: keep, b: gone, distance: least))
      for k in 0..<n where alive[k] && k != keep && k != gone {
        let total = size[keep] + size[gone] + size[k]
        let squared =
          ((size[keep] + size[k]) * d[keep, k] * d[keep, k]
            + (size[gone] + size[k]) * d[gone, k] * d[gone, k] - size[k] * least * least) / total
        d.setBoth(keep, k, max(0, squared).squareRoot())
      }
      size[keep] += size[gone]
      alive[gone] = false
    }
    // A stable sort: equal distances stay in the order in which they were found.
    return merges.enumerated().sorted {
      ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset)
    }.map(\.element)
  }
}
