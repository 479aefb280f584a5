/// The unordered pairs of `n` items, numbered row by row: (0,1) (0,2) ... (0,n-1) (1,2) ...
package struct PairIndex: Sendable, Equatable {
  package let n: Int

  package init(_ n: Int) { self.n = n }

  /// Number of pairs.
  package var count: Int { n * (n - 1) / 2 }

  /// Position of the pair `i < j`.
  @inlinable
  package func callAsFunction(_ i: Int, _ j: Int) -> Int { i * n - i * (i + 1) / 2 + j - i - 1 }

  /// Calls `body` for every pair in order: its position, and i < j.
  @inlinable
  package func forEach(_ body: (_ position: Int, _ i: Int, _ j: Int) throws -> Void) rethrows {
    var position = 0
    for i in 0..<n {
      for j in (i + 1)..<max(n, i + 1) {
        try body(position, i, j)
        position += 1
      }
    }
  }
}
