package import Core

/// Is one model the other, rounded to a coarser grid?
///
/// Rounding is monotone: along each row, larger weights of the source stay larger or become equal,
/// whatever the grid (int8, fp8, half precision) and its scale per row or tensor; no training keeps
/// such an order. Where the scale changes within a row (int4 in groups), the error still shows it: it is
/// distributed evenly between half a step down and half a step up, while what training changes has tails.
/// And rounding is one-way: many weights of the source share one of the copy, never the other way
/// around.
package enum Rounding {
  /// What the samples compared so far say about one pair.
  package struct Tally: Sendable {
    fileprivate var neighbors = 0
    fileprivate var inversions = 0
    /// Neighbors that are equal in the first alone, and in the second alone.
    fileprivate var tiesInFirst = 0
    fileprivate var tiesInSecond = 0
    /// Differences, and fourth powers of them, each row scaled to a mean square of 1.
    fileprivate var differences = 0
    fileprivate var fourths = 0.0

    package init() {}

    /// Neighbors that are compared before there is a verdict.
    private static let fewest = 200
    /// Neighbors that are compared before the pair is given up: the kurtosis of fewer differences is a matter of chance.
    private static let enough = 900
    /// A uniform distribution has a kurtosis of -1.2, a normal one of 0; training comes out above -0.5.
    private static let flattest = -0.75

    /// What was compared so far rules rounding out; more samples cannot change that.
    package var isRefuted: Bool { neighbors >= Self.enough && !isMonotone && !isEven }

    private var isMonotone: Bool { inversions <= neighbors / 100 }
    private var isEven: Bool { differences > 0 && fourths / Double(differences) - 3 < Self.flattest }

    /// 1: the second is the first rounded; -1: the other way around; 0: neither.
    package var verdict: Int {
      guard neighbors >= Self.fewest, isMonotone || isEven else { return 0 }
      if tiesInSecond > 20 * (1 + tiesInFirst) { return 1 }
      if tiesInFirst > 20 * (1 + tiesInSecond) { return -1 }
      return 0
    }
  }

  /// Rows of a submatrix that are compared.
  private static let rows = 16

  /// Adds what the rows of one submatrix say about two models.
  ///
  /// - Parameters:
  ///   - i: place of the first model in the block; `j` of the second.
  package static func compare(_ block: SampleBlock, _ i: Int, _ j: Int, into tally: inout Tally) {
    let columns = block.shape.columns
    let (first, second) = (block.values(of: i), block.values(of: j))
    for row in 0..<min(block.shape.rows, rows) {
      guard !tally.isRefuted else { return }
      let start = row * columns
      var pairs: [SIMD2<Float>] = []
      var (squares, fourths) = (0.0, 0.0)
      for column in start..<start + columns {
        let pair = SIMD2(first[first.startIndex + column], second[second.startIndex + column])
        pairs.append(pair)
        let square = Double(pair.y - pair.x) * Double(pair.y - pair.x)
        squares += square
        fourths += square * square
      }
      if squares > 0 {
        tally.differences += columns
        tally.fourths += fourths * Double(columns * columns) / (squares * squares)
      }
      pairs.sort { a, b in a.x == b.x ? a.y < b.y : a.x < b.x }
      for (a, b) in zip(pairs, pairs.dropFirst()) {
        tally.neighbors += 1
        if b.y < a.y { tally.inversions += 1 }
        if a.x == b.x, a.y != b.y { tally.tiesInFirst += 1 }
        if a.y == b.y, a.x != b.x { tally.tiesInSecond += 1 }
      }
    }
  }
}
