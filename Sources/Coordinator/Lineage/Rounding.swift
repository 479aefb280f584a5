internal import Core

/// Is one model the other, rounded to a coarser grid?
///
/// Rounding is monotone: along each row, larger weights of the source stay larger or become equal.
/// No training keeps such an order, whatever the grid (int8, int4, fp8, half precision) and its scale
/// per row or tensor. And it is one-way: many weights of the source share one of the copy, never the
/// other way round.
struct Rounding {
  /// What the samples seen so far say of one pair.
  struct Tally: Sendable {
    fileprivate var neighbours = 0
    fileprivate var inversions = 0
    /// Neighbours that are equal in the first alone, and in the second alone.
    fileprivate var tiesInFirst = 0
    fileprivate var tiesInSecond = 0

    /// Neighbours that are looked at before anything is said.
    private static let fewest = 200

    /// More inversions than this and the pair need not be looked at any more.
    var isRefuted: Bool { inversions > 3 + neighbours / 50 }

    /// 1: the second is the first rounded; -1: the other way round; 0: neither.
    var verdict: Int {
      guard neighbours >= Self.fewest, !isRefuted, inversions <= neighbours / 100 else { return 0 }
      if tiesInSecond > 20 * (1 + tiesInFirst) { return 1 }
      if tiesInFirst > 20 * (1 + tiesInSecond) { return -1 }
      return 0
    }
  }

  /// Looks along the rows of one submatrix.
  static func look(_ block: SampleBlock, _ i: Int, _ j: Int, into tally: inout Tally) {
    let columns = block.shape.columns
    let (first, second) = (block.values(of: i), block.values(of: j))
    for row in 0..<min(block.shape.rows, 16) {
      guard !tally.isRefuted else { return }
      let start = row * columns
      var pairs: [SIMD2<Float>] = []
      for column in start..<start + columns {
        pairs.append(SIMD2(first[first.startIndex + column], second[second.startIndex + column]))
      }
      pairs.sort { a, b in a.x == b.x ? a.y < b.y : a.x < b.x }
      for (a, b) in zip(pairs, pairs.dropFirst()) {
        tally.neighbours += 1
        if b.y < a.y { tally.inversions += 1 }
        if a.x == b.x, a.y != b.y { tally.tiesInFirst += 1 }
        if a.y == b.y, a.x != b.x { tally.tiesInSecond += 1 }
      }
    }
  }
}
