/// A square matrix few of whose entries are known, such as those edges that a resampling looks at.
package struct SparseMatrix: Sendable {
  /// Which entries are known, by columns.
  package struct Pattern: Sendable {
    package let n: Int
    /// Per column its first entry, and one more: the number of entries.
    let starts: [Int]
    /// Per entry its row, ascending in each column.
    let rows: [Int32]
    /// Per pair (a, b) that was given: the places of the entries (a, b) and (b, a).
    package let places: [(forward: Int, backward: Int)]
    /// Per entry the number of its pair.
    let pairs: [Int32]

    /// - Parameters:
    ///   - n: rows, and columns.
    ///   - pairs: each once, a < b, in ascending order.
    package init(_ n: Int, pairs given: [(a: Int, b: Int)]) {
      var starts = Array(repeating: 0, count: n + 1)
      for pair in given {
        starts[pair.a + 1] += 1
        starts[pair.b + 1] += 1
      }
      for column in 0..<n { starts[column + 1] += starts[column] }
      // Columns get their rows in ascending order: those above the diagonal come with earlier pairs.
      var next = starts
      var rows = Array(repeating: Int32(0), count: 2 * given.count)
      var pairs = rows
      places = given.enumerated().map { number, pair in
        let (a, b) = pair
        let place = (forward: next[b], backward: next[a])
        rows[place.forward] = Int32(a)
        rows[place.backward] = Int32(b)
        pairs[place.forward] = Int32(number)
        pairs[place.backward] = Int32(number)
        next[b] += 1
        next[a] += 1
        return place
      }
      self.n = n
      self.starts = starts
      self.rows = rows
      self.pairs = pairs
    }

    /// The place of an entry; nil where it is not known.
    func place(_ i: Int, _ j: Int) -> Int? {
      var (low, high) = (starts[j], starts[j + 1])
      while low < high {
        let middle = (low + high) / 2
        if rows[middle] < Int32(i) { low = middle + 1 } else { high = middle }
      }
      return low < starts[j + 1] && rows[low] == Int32(i) ? low : nil
    }
  }

  let pattern: Pattern
  /// By the places of the pattern; NaN where nothing was set.
  package var values: [Double]

  package init(_ pattern: Pattern) {
    self.pattern = pattern
    values = Array(repeating: .nan, count: pattern.rows.count)
  }

  package var n: Int { pattern.n }
}
