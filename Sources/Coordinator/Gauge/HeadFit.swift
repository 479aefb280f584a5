internal import Core
internal import Spectra

/// Which heads of one model's attention are which of another's, and the changes of coordinates inside of them.
struct HeadFit: Sendable, Equatable {
  /// For each head of the other model the own one; groups stay together.
  let order: [Int]
  /// For each group of the other model.
  let groupOrder: [Int]
  /// By group of the other model: what values are multiplied by, and what outputs are, as rows: its inverse transposed.
  var values: [InnerMap]
  /// The same of keys and queries.
  var keys: [InnerMap]

  /// A change of coordinates in a head: rows x become A x, and those of the paired map B x, with B'A = 1.
  enum InnerMap: Sendable, Equatable {
    case same
    case changed(Matrix, paired: Matrix)

    func rows(_ matrix: Matrix) -> Matrix {
      if case .changed(let map, _) = self { map.times(matrix) } else { matrix }
    }

    func pairedRows(_ matrix: Matrix) -> Matrix {
      if case .changed(_, let paired) = self { paired.times(matrix) } else { matrix }
    }
  }

  var isPermuted: Bool { order != Array(order.indices) }
  var isChanged: Bool { values.contains { $0 != .same } || keys.contains { $0 != .same } }

  /// Mean cosine of matched heads below which the two are strangers'.
  private static let leastLikeness = KinThreshold.cosine

  /// - Parameter isKept: keep the coordinates of queries and keys, which a norm of each head ties to them.
  /// - Returns: nil where weights are not finite.
  init?(_ own: AttentionWeights, _ other: AttentionWeights, isKept: Bool) {
    let likeness = AttentionWeights.likeness(own, other)
    guard likeness.values.allSatisfy(\.isFinite) else { return nil }
    let (groups, per) = (own.groups, own.headsPerGroup)
    // Of each pair of groups: the best order of the heads in it.
    var inner: [[[Int]]] = []
    var gains = Matrix(zeros: groups, groups)
    for group in 0..<groups {
      var orders: [[Int]] = []
      for place in 0..<groups {
        let part = likeness.rows(group * per..<(group + 1) * per).columns(place * per..<(place + 1) * per)
        let order = LinearAssignment.greatest(part)
        gains[group, place] = order.enumerated().reduce(0) { $0 + part[$1.offset, $1.element] }
        orders.append(order)
      }
      inner.append(orders)
    }
    let places = LinearAssignment.greatest(gains)
    let total = places.enumerated().reduce(0) { $0 + gains[$1.offset, $1.element] }
    // Attention of another network has no heads in common with this one: nothing of it was only moved.
    guard total > Self.leastLikeness * 2 * Double(groups * per) else {
      (groupOrder, order) = (Array(0..<groups), Array(0..<groups * per))
      (values, keys) = (Array(repeating: .same, count: groups), Array(repeating: .same, count: groups))
      return
    }
    groupOrder = places
    order = groupOrder.enumerated().flatMap { group, place in inner[group][place].map { place * per + $0 } }
    (values, keys) = ([], [])
    for (group, place) in groupOrder.enumerated() {
      let heads = group * per..<(group + 1) * per
      func pair(_ map: KeyPath<AttentionWeights, Matrix>, _ paired: KeyPath<AttentionWeights, Matrix>) -> InnerFit {
        InnerFit(
          own: own.head(place, of: own[keyPath: map]), other: other.head(group, of: other[keyPath: map]),
          ownPaired: heads.map { own.head(order[$0], of: own[keyPath: paired]) },
          otherPaired: heads.map { other.head($0, of: other[keyPath: paired]) })
      }
      values.append(pair(\.value, \.output).map)
      keys.append(isKept ? .same : pair(\.key, \.query).map(rotary: own.rotary))
    }
  }
}

/// Finds the change of coordinates inside of a group of heads, the simplest that leaves little more than others do.
struct InnerFit {
  let own: Matrix
  let other: Matrix
  let ownPaired: [Matrix]
  let otherPaired: [Matrix]

  /// What the simplest may leave, over what the best does: a change of coordinates has too few numbers to explain more
  /// than a part of what training does, and explains nearly all of a disguise.
  private static let enough = 3.0

  var map: HeadFit.InnerMap { simplest([.same, orthogonal, general].compactMap(\.self)) }

  /// Within planes that position turns.
  func map(rotary: Int) -> HeadFit.InnerMap {
    rotary > 0 ? simplest([.same, turned(rotary)].compactMap(\.self)) : map
  }

  private func simplest(_ maps: [HeadFit.InnerMap]) -> HeadFit.InnerMap {
    let found = maps.map { ($0, rest($0)) }
    let least = found.map(\.1).min() ?? 0
    return found.first { $0.1 <= Self.enough * least }?.0 ?? .same
  }

  /// Squared distance of the map from the other's over its energy, and the mean of the same over the paired maps.
  private func rest(_ map: HeadFit.InnerMap) -> Double {
    let paired = zip(ownPaired, otherPaired).map { map.pairedRows($0).distance(from: $1) }
    return map.rows(own).distance(from: other) + paired.reduce(0, +) / Double(max(1, paired.count))
  }

  /// The same maps one above the other, each of length 1.
  private var together: (own: Matrix, other: Matrix) {
    func unit(_ matrix: Matrix) -> Matrix { matrix.scaled(by: matrix.length > 0 ? 1 / matrix.length : 0) }
    let left = ([own] + ownPaired).map { unit($0).transposed }
    let right = ([other] + otherPaired).map { unit($0).transposed }
    return (left.stacked, right.stacked)
  }

  private var orthogonal: HeadFit.InnerMap? {
    let (left, right) = together
    return right.transposedTimes(left).nearestOrthogonal.map { .changed($0, paired: $0) }
  }

  /// By least squares, from the map and from the paired ones; the mean of both, by how well each fits.
  private var general: HeadFit.InnerMap? {
    guard let direct = Self.leastSquares(own, other) else { return nil }
    let left = ownPaired.map(\.transposed).stacked
    let right = otherPaired.map(\.transposed).stacked
    guard let paired = Self.leastSquares(left.transposed, right.transposed), let back = paired.transposed.inverse else {
      return nil
    }
    let (near, far) = (
      direct.times(own).distance(from: other), paired.times(left.transposed).distance(from: right.transposed)
    )
    // What training did to one of them alone leaves the other as it was.
    let share = near + far > 0 ? far / (near + far) : 0.5
    let mean = direct.scaled(by: share).adding(back.scaled(by: 1 - share))
    return mean.inverse.map { .changed(mean, paired: $0.transposed) }
  }

  /// A with A x nearest to y, x and y having one column for each equation.
  private static func leastSquares(_ x: Matrix, _ y: Matrix) -> Matrix? {
    x.timesTransposed(x).inverse.map { y.timesTransposed(x).times($0) }
  }

  /// One angle and one factor for each plane.
  private func turned(_ rotary: Int) -> HeadFit.InnerMap? {
    let (size, half) = (own.rows, rotary / 2)
    var (map, paired) = (Matrix.identity(size), Matrix.identity(size))
    for plane in 0..<half {
      let (x, y) = (plane, plane + half)
      let direct = Self.ratio(own, other, x, y)
      let pairs = zip(ownPaired, otherPaired).map { Self.ratio($0, $1, x, y) }
      // The paired maps turn by the same angle, by the inverse factor.
      let real = direct.real + pairs.reduce(0) { $0 + $1.real }
      let imaginary = direct.imaginary + pairs.reduce(0) { $0 + $1.imaginary }
      let length = (real * real + imaginary * imaginary).squareRoot()
      let back = pairs.reduce(0) { $0 + $1.factor } / Double(max(1, pairs.count))
      guard length > 0, direct.factor > 0, back > 0 else { return nil }
      let factor = (direct.factor / back).squareRoot()
      let (cosine, sine) = (real / length, imaginary / length)
      for (matrix, scale) in [(0, factor), (1, 1 / factor)] {
        func set(_ row: Int, _ column: Int, _ value: Double) {
          if matrix == 0 { map[row, column] = scale * value } else { paired[row, column] = scale * value }
        }
        set(x, x, cosine)
        set(x, y, -sine)
        set(y, x, sine)
        set(y, y, cosine)
      }
    }
    return .changed(map, paired: paired)
  }

  /// What a plane of the own map, taken as complex numbers, is multiplied by to give the other's: its angle as a vector of
  /// the length of a cosine, and its factor.
  private static func ratio(
    _ own: Matrix, _ other: Matrix, _ x: Int, _ y: Int
  ) -> (real: Double, imaginary: Double, factor: Double) {
    var (real, imaginary, length, wanted) = (0.0, 0.0, 0.0, 0.0)
    for column in 0..<own.columns {
      let (a, b) = (own[x, column], own[y, column])
      let (c, d) = (other[x, column], other[y, column])
      real += a * c + b * d
      imaginary += a * d - b * c
      length += a * a + b * b
      wanted += c * c + d * d
    }
    let scale = (length * wanted).squareRoot()
    guard scale > 0, scale.isFinite else { return (0, 0, 0) }
    return (real / scale, imaginary / scale, (wanted / length).squareRoot())
  }
}
