internal import Spectra

/// Where the coordinates of another model's residual stream are in this model's: x' = x Q for rows x.
enum ResidualBasis: Sendable, Equatable {
  case same
  /// For each new coordinate the old one, and its sign.
  case permuted([Int], signs: [Double])
  case rotated(Matrix)

  /// Rows in the old coordinates, in the new ones.
  func rows(_ matrix: Matrix) -> Matrix {
    switch self {
    case .same: matrix
    case .permuted(let order, let signs): matrix.columns(order).scalingColumns(by: signs)
    case .rotated(let turn): matrix.times(turn)
    }
  }

  /// The same for columns.
  func columns(_ matrix: Matrix) -> Matrix {
    switch self {
    case .same: matrix
    case .permuted(let order, let signs): matrix.rows(order).scalingRows(by: signs)
    case .rotated(let turn): turn.transposedTimes(matrix)
    }
  }

  func vector(_ numbers: [Double]) -> [Double] {
    rows(Matrix(rows: 1, columns: numbers.count, numbers)).values
  }

  /// Gains, which no sign changes.
  ///
  /// - Returns: nil in a rotated basis, which has no gains of its own.
  func gains(_ numbers: [Double]) -> [Double]? {
    switch self {
    case .same: numbers
    case .permuted(let order, _): order.map { numbers[$0] }
    case .rotated: nil
    }
  }
}

/// Finds the basis from rows that two models share.
struct BasisFit {
  let basis: ResidualBasis
  /// Mean cosine of the rows, with the basis.
  let likeness: Double

  /// Share of the best fit that a simpler basis has to reach.
  private static let enough = 0.9

  /// - Parameters:
  ///   - own, other: the same rows of two models, each in its own coordinates; rows of zeros are left out.
  ///   - hasMeans: allows an order of the coordinates alone.
  ///   - isPermuted: it is known to be a permutation.
  /// - Returns: nil where there is nothing to go by.
  init?(_ own: Matrix, _ other: Matrix, hasMeans: Bool, isPermuted: Bool = false) {
    let (lengths, others) = (own.rowLengths, other.rowLengths)
    let kept = (0..<own.rows).filter { lengths[$0] > 0 && others[$0] > 0 && (lengths[$0] * others[$0]).isFinite }
    let (x, y) = (own.rows(kept).withUnitRows, other.rows(kept).withUnitRows)
    guard x.rows > 1 else { return nil }
    var found = [(ResidualBasis.same, Self.likeness(x, y))]
    if let permuted = Self.permutation(x, y, hasSigns: !hasMeans) {
      found.append((permuted, Self.likeness(permuted.rows(x), y)))
    }
    // Fewer rows than twice the coordinates fit whatever they are.
    if !hasMeans, !isPermuted, x.rows >= 2 * x.columns, let turn = x.transposedTimes(y).nearestOrthogonal {
      let rotated = ResidualBasis.rotated(turn)
      found.append((rotated, Self.likeness(rotated.rows(x), y)))
    }
    let best = found.map(\.1).max() ?? 0
    guard let simplest = found.first(where: { $0.1 >= Self.enough * best }), best > 0 else { return nil }
    (basis, likeness) = simplest
  }

  static func likeness(_ x: Matrix, _ y: Matrix) -> Double { x.inner(y) / Double(max(1, x.rows)) }

  /// By assignment over the correlations of columns.
  private static func permutation(_ x: Matrix, _ y: Matrix, hasSigns: Bool) -> ResidualBasis? {
    let (left, right) = (standardized(x), standardized(y))
    let correlations = right.transposedTimes(left)
    guard correlations.values.allSatisfy(\.isFinite) else { return nil }
    var gains = correlations
    if hasSigns { gains.values = gains.values.map(abs) }
    let order = LinearAssignment.greatest(gains)
    let signs = order.enumerated().map { hasSigns && correlations[$0, $1] < 0 ? -1.0 : 1 }
    return .permuted(order, signs: signs)
  }

  /// Columns without their means, of length 1.
  static func standardized(_ matrix: Matrix) -> Matrix {
    var turned = matrix.transposed
    for row in 0..<turned.rows {
      let mean = turned.row(row).reduce(0, +) / Double(turned.columns)
      for column in 0..<turned.columns { turned[row, column] -= mean }
    }
    return turned.withUnitRows.transposed
  }
}
