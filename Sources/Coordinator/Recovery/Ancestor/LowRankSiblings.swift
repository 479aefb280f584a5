package import Spectra

/// What models have in common that each differ from one matrix by a matrix of low rank.
///
/// With W_i = W + D_i, the columns of W_i - W_j span those of D_i and D_j together, and what all differences of one
/// sibling span is what D_i spans: three siblings decide it. Projected away from that space, W_i is W. Least squares puts
/// the projections together:
///
///     sum_i (1 - P_i) W = sum_i (1 - P_i) W_i
///
/// Exact up to the rounding of the siblings, in one step; ranks need not be known.
package struct LowRankSiblings {
  /// Per sibling, an orthonormal basis of what its update spans: rank x rows.
  package let spaces: [Matrix]
  private let joint: Matrix
  /// (K - U'U)^-1 with all bases U and K siblings.
  private let inner: Matrix

  package static let fewest = 3
  /// A larger share of the sketches' width is no low rank.
  private static let mostRank = 0.75
  /// Singular values count from so many times the largest one of noise on.
  private static let margin = 4.0

  /// - Parameters:
  ///   - sketches: per sibling, its difference from the first times one random matrix whose entries have the variance
  ///     1 / its rows, or the difference itself: rows x width.
  ///   - noise: standard deviation of what rounding adds to one entry of a difference of two.
  /// - Returns: nil where the differences are not of low rank, or do not decide the matrix.
  package init?(sketches: [Matrix], noise: Double) {
    guard sketches.count >= Self.fewest, let first = sketches.first else { return nil }
    let (rows, width, count) = (first.rows, first.columns, sketches.count)
    let least = Self.margin * noise * (Double(rows).squareRoot() + Double(width).squareRoot())
    let most = Int(Self.mostRank * Double(min(rows, width)))
    var bases: [[Matrix]] = Array(repeating: Array(repeating: Matrix(zeros: 0, rows), count: count), count: count)
    for i in 0..<count {
      for j in 0..<i {
        let difference = sketches[i].adding(sketches[j].scaled(by: -1))
        guard let found = difference.decomposition else { return nil }
        let rank = found.values.count { $0 > least }
        guard rank <= most else { return nil }
        bases[i][j] = found.left.columns(0..<rank).transposed
        bases[j][i] = bases[i][j]
      }
    }
    var spaces: [Matrix] = []
    for i in 0..<count {
      guard let space = Self.common(bases[i], rank: Self.rank(of: i, bases), rows: rows) else { return nil }
      spaces.append(space)
    }
    self.spaces = spaces
    joint = spaces.reduce(Matrix(zeros: 0, rows)) { $0.above($1) }
    guard joint.rows < count * rows else { return nil }
    let gram = joint.timesTransposed(joint)
    guard
      let inner = Matrix.identity(joint.rows).scaled(by: Double(count)).adding(gram.scaled(by: -1)).inverse
    else { return nil }
    self.inner = inner
  }

  /// Ranks of differences are the sums of two ranks: each is half of what two differences have more than the third.
  private static func rank(of i: Int, _ bases: [[Matrix]]) -> Int {
    var twice: [Int] = []
    for j in bases.indices where j != i {
      for k in bases.indices where k < j && k != i {
        twice.append(bases[i][j].rows + bases[i][k].rows - bases[j][k].rows)
      }
    }
    twice.sort()
    return max(0, (twice[twice.count / 2] + 1) / 2)
  }

  /// The directions that most of the spaces have.
  private static func common(_ spaces: [Matrix], rank: Int, rows: Int) -> Matrix? {
    guard rank > 0 else { return Matrix(zeros: 0, rows) }
    let all = spaces.reduce(Matrix(zeros: 0, rows)) { $0.above($1) }
    guard let found = all.decomposition, found.right.rows >= rank else { return nil }
    return found.right.rows(0..<rank)
  }

  /// What is common to columns of all siblings.
  ///
  /// - Parameter columns: per sibling, rows x any number.
  package func common(of columns: [Matrix]) -> Matrix {
    let sum = zip(columns, spaces).reduce(Matrix(zeros: columns[0].rows, columns[0].columns)) { sum, own in
      let (part, space) = own
      return sum.adding(part).adding(space.transposedTimes(space.times(part)).scaled(by: -1))
    }
    let shared = joint.transposedTimes(inner.times(joint.times(sum)))
    return sum.adding(shared).scaled(by: 1 / Double(columns.count))
  }
}
