/// Another order of the rows of a matrix.
package enum RowOrder: Sendable, Hashable {
  /// Rows in blocks of `outer * inner * run`: the row (o, i, k) of a block, counted in that order, is the
  /// stored row (i, o, k). With `run` 1, `outer` 2 and `inner` half the size of a head this makes the halves of
  /// rotary embeddings from interleaved pairs, and the other way round with the two numbers exchanged; with the
  /// size of a head as `run` it collects what is fused head by head.
  case swapped(outer: Int, inner: Int, run: Int)
  /// The stored row of each row.
  case listed([Int32])

  /// Is it an order of so many rows, each of them once?
  func isPermutation(of rows: Int) -> Bool {
    switch self {
    case .swapped(let outer, let inner, let run):
      guard outer > 0, inner > 0, run > 0 else { return false }
      let (pairs, isTooLarge) = outer.multipliedReportingOverflow(by: inner)
      let (block, isTooLargeToo) = pairs.multipliedReportingOverflow(by: run)
      return !isTooLarge && !isTooLargeToo && rows % block == 0
    case .listed(let sources):
      guard sources.count == rows else { return false }
      var isTaken = [Bool](repeating: false, count: rows)
      for source in sources {
        guard isTaken.indices.contains(Int(source)), !isTaken[Int(source)] else { return false }
        isTaken[Int(source)] = true
      }
      return true
    }
  }

  /// The stored row of a row.
  func source(of row: Int) -> Int {
    switch self {
    case .swapped(let outer, let inner, let run):
      let block = outer * inner * run
      let (start, place) = (row / block * block, row % block)
      let (o, i, k) = (place / run / inner, place / run % inner, place % run)
      return start + (i * outer + o) * run + k
    case .listed(let sources): return Int(sources[row])
    }
  }
}
