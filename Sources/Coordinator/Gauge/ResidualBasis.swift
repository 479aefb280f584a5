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

  /// A rotation by the rows that changed least: least squares with the weight of each row 1 over the square of its
  /// distance, as of equations whose errors differ in size. Where training left as many rows as they were as there are
  /// coordinates, these decide it up to their rounding; fewer may do so if they then fit as no other rows do, since less
  /// than half as many would fit by chance.
  ///
  /// - Parameters:
  ///   - copies: how often each row is there, each time beside that of another model.
  ///   - noise: mean squared error of rounding both models' rows, over their mean square.
  static func sharpened(
    _ basis: ResidualBasis, _ own: Matrix, _ other: Matrix, copies: Int, noise: Double
  ) -> ResidualBasis {
    guard case .rotated(let turn) = basis else { return basis }
    let (lengths, others) = (own.rowLengths, other.rowLengths)
    let kept = (0..<own.rows).filter { lengths[$0] > 0 && others[$0] > 0 }
    guard !kept.isEmpty else { return basis }
    let (x, y) = (own.rows(kept).withUnitRows, other.rows(kept).withUnitRows)
    let many = copies * x.columns
    let plain = sharpened(turn, x, y, by: many, noise)
    let sharp = sharpened(plain.turn, x, y, by: Int(few * Double(many)), noise)
    return .rotated(sharp.distance <= gap * plain.distance ? sharp.turn : plain.turn)
  }

  /// Share of the coordinates that so many rows decide, and how much nearer these have to be then.
  private static let few = 0.6
  private static let gap = 0.01

  /// - Parameter count: rows that may be taken for unchanged.
  /// - Returns: the rotation, and the distance of the last of these rows.
  private static func sharpened(
    _ turn: Matrix, _ x: Matrix, _ y: Matrix, by count: Int, _ noise: Double
  ) -> (turn: Matrix, distance: Double) {
    var (turn, last) = (turn, Double.infinity)
    for round in 0...(x.columns > largest ? fewRounds : rounds) {
      let apart = zip(x.times(turn).values, y.values).map { $0 - $1 }
      let distances = Matrix(rows: x.rows, columns: x.columns, apart).rowLengths
      let sorted = distances.sorted()
      last = sorted[min(max(1, count), sorted.count) - 1]
      guard round < (x.columns > largest ? fewRounds : rounds) else { break }
      let least = max(noise, floats, last * last)
      let weights = distances.map { least / ($0 * $0 + least) }
      guard let next = x.scalingRows(by: weights).transposedTimes(y).nearestOrthogonal else { break }
      turn = next
    }
    return (turn, last)
  }

  private static let rounds = 24
  /// Where a decomposition takes minutes.
  private static let fewRounds = 4
  private static let largest = 1024
  /// Squared distance that rounding to floats leaves.
  private static let floats = 1e-14
}
