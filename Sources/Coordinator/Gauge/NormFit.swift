internal import Spectra
internal import System

/// What became of the gains of a norm.
enum NormFit {
  /// They are there, in the order of the coordinates.
  case kept
  /// They are others; nothing shows that they were folded.
  case replaced
  /// They are all alike, and the other model's are not: they are in the maps that read them.
  case folded

  /// Correlation with the other model's gains above which they are the same ones.
  private static let likeness = 0.5
  /// Spread over mean, of gains that are all alike.
  private static let flat = 1e-4

  init(
    _ own: NetworkWeights, _ other: NetworkWeights, _ place: NetworkLayout.Place, _ basis: ResidualBasis
  ) throws(Failure) {
    guard let mine = try own.gains(place.role, place.layer), let theirs = try other.gains(place.role, place.layer),
      !theirs.contains(where: { !($0.magnitude > 1e-6) })
    else {
      self = .kept
      return
    }
    let (spread, spreadOfTheirs) = (Self.spread(mine), Self.spread(theirs))
    let isFlat = spread <= Self.flat && spreadOfTheirs > 10 * max(spread, Self.flat / 10)
    guard let moved = basis.gains(mine) else {
      self = isFlat ? .folded : .replaced
      return
    }
    if isFlat {
      self = try Self.isInMaps(theirs, own, other, place, basis) ? .folded : .kept
    } else {
      self = Self.correlation(moved, theirs) >= Self.likeness ? .kept : .replaced
    }
    // Where neither has learned any, there is nothing to tell them by.
    if spreadOfTheirs <= Self.flat, spread <= Self.flat { self = .kept }
  }

  /// Are gains all alike?
  static func isFlat(_ gains: [Double]) -> Bool { spread(gains) <= flat }

  /// Do the lengths of the columns of the maps that read a norm tell that another model's gains are in them? These do
  /// not depend on orders of units and heads, nor on the coordinates inside of heads. A model that has learned no gains
  /// yet has none there.
  private static func isInMaps(
    _ gains: [Double], _ own: NetworkWeights, _ other: NetworkWeights, _ place: NetworkLayout.Place,
    _ basis: ResidualBasis
  ) throws(Failure) -> Bool {
    guard let mine = try lengths(own, place, basis), let theirs = try lengths(other, place, .same) else { return false }
    let ratios = zip(mine, theirs).map { $0 > 0 && $1 > 0 ? Logarithm.of($0 / $1) : 0 }
    let expected = gains.map { Logarithm.of($0.magnitude) }
    return variance(zip(ratios, expected).map { $0 - $1 }) < enough * variance(ratios)
  }

  /// For each coordinate of the residual stream, how much of it the maps that read a norm take in.
  private static func lengths(
    _ weights: NetworkWeights, _ place: NetworkLayout.Place, _ basis: ResidualBasis
  ) throws(Failure) -> [Double]? {
    switch place.role {
    case .attentionNorm:
      guard let query = try weights.matrix(.query, place.layer), let key = try weights.matrix(.key, place.layer) else {
        return nil
      }
      // The rows of W_Q' W_K, summed over heads: q' (K K') q for every column q.
      let size = weights.layout.headSize
      var squares = Array(repeating: 0.0, count: weights.layout.width)
      for head in 0..<weights.layout.heads {
        let group = head / weights.layout.headsPerGroup
        let (own, read) = (
          basis.rows(query.rows(head * size..<(head + 1) * size)),
          basis.rows(key.rows(group * size..<(group + 1) * size))
        )
        let turned = read.timesTransposed(read).times(own)
        for column in squares.indices {
          for row in 0..<size { squares[column] += own[row, column] * turned[row, column] }
        }
      }
      return squares.map { max(0, $0).squareRoot() }
    case .mlpNorm:
      return try weights.matrix(weights.layout.has(.gate) ? .gate : .up, place.layer).map {
        basis.rows($0).transposed.rowLengths
      }
    default:
      // A head that is the table of tokens has no room for gains, and gets a table of its own.
      var head = try weights.matrix(.head)
      if head == nil { head = try weights.matrix(.table) }
      return head.map { basis.rows($0).transposed.rowLengths }
    }
  }

  /// What gains leave of the ratios of columns, where these are due to them.
  private static let enough = 1.0 / 3

  private static func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(max(1, numbers.count)) }

  private static func spread(_ numbers: [Double]) -> Double {
    let middle = mean(numbers)
    return middle != 0 ? variance(numbers).squareRoot() / middle.magnitude : .infinity
  }

  private static func variance(_ numbers: [Double]) -> Double {
    let middle = mean(numbers)
    return numbers.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(max(1, numbers.count))
  }

  private static func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (left, right) = (mean(a), mean(b))
    var (product, own, other) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += (x - left) * (y - right)
      own += (x - left) * (x - left)
      other += (y - right) * (y - right)
    }
    let scale = (own * other).squareRoot()
    return scale > 0 ? product / scale : 0
  }
}
