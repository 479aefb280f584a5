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
    if isFlat { self = .folded } else { self = Self.correlation(moved, theirs) >= Self.likeness ? .kept : .replaced }
    // Where neither has learned any, there is nothing to tell them by.
    if spreadOfTheirs <= Self.flat, spread <= Self.flat { self = .kept }
  }

  private static func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(max(1, numbers.count)) }

  private static func spread(_ numbers: [Double]) -> Double {
    let middle = mean(numbers)
    let variance = numbers.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(max(1, numbers.count))
    return middle != 0 ? variance.squareRoot() / middle.magnitude : .infinity
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
