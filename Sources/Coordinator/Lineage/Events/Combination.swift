internal import Core
internal import Glibc

/// A model as a combination of relatives, fitted tensor by tensor with shares that add up to 1.
///
/// With one of the relatives as origin, the inner products of displacements follow from the squared distances, and
/// least squares gives the shares. No weight is read again.
struct Combination: Sendable {
  /// Places in the neighborhood, from 1.
  let members: [Int]
  /// Of the members, over the whole model.
  let shares: [Double]
  /// Distance of the model from the combination over its distance from its nearest relative; what rounding of the model
  /// explains is taken out.
  let misfit: Double
  /// No share of any tensor is negative.
  let isConvex: Bool
  /// All tensors have the same shares.
  let isUniform: Bool
  /// Each tensor is one of the members'.
  let isStack: Bool
  /// In each tensor, all but the first have the same share: model stock (Jang et al. 2024).
  let isStock: Bool
  /// Some tensor is the same in all members.
  let hasFrozen: Bool
  /// Mean squared distance between members.
  let span: Double

  /// Sum of the sizes of all shares; 1 for a mean.
  var size: Double { isConvex ? 1 : shares.reduce(0) { $0 + abs($1) } }

  /// Fits of shares that all tensors have in common: true means come out below 0.07, the largest of spherical
  /// interpolation, anything else above 0.14. Combinations with negative shares, or shares of each tensor, are freer,
  /// and must fit better.
  static let mostOfMeans = 0.1
  private static let mostOfSums = 0.03
  private static let mostOfTensors = 0.02
  /// The same with what rounding explains, in squares: where it is larger than this, anything may be a mean.
  private static let mostOfRounding = 0.1
  static let smallestShare = 0.02
  /// Shares may be off by so much: errors of rounding, and spherical interpolation.
  private static let tolerance = 0.05
  /// Relative difference of shares that are the same.
  private static let sameShare = 0.02
  /// Share of the first from which on the others may be below 0.
  private static let leastOfStock = 0.5
  /// Of the largest pivot: smaller ones are displacements that the others explain.
  private static let leastPivot = 1e-6

  /// What of a neighborhood all fits need.
  struct Problem: Sendable {
    let maps: [Neighborhoods.Map]
    let index: PairIndex
    /// Squared distance from the nearest relative.
    let total: Double

    /// - Returns: nil where the model is at no distance from its nearest relative.
    init?(_ own: Neighborhoods.Own) {
      index = own.index
      let index = own.index
      let maps = own.maps.filter { map in map.squares.allSatisfy(\.isFinite) }
      total = maps.reduce(0) { $0 + $1.squares[index(0, 1)] }
      // Those first that rule most out.
      self.maps = maps.sorted { ($1.squares[index(0, 1)], $0.number) < ($0.squares[index(0, 1)], $1.number) }
      guard total > 0 else { return nil }
    }

    func square(_ map: Neighborhoods.Map, _ a: Int, _ b: Int) -> Double {
      a == b ? 0 : map.squares[index(min(a, b), max(a, b))]
    }
  }

  /// - Parameter members: places in the neighborhood; the first is the origin.
  /// - Returns: nil where the combination does not come near enough, or some member has no part in it.
  init?(_ problem: Problem, _ members: [Int]) {
    let worst = Self.mostOfMeans * Self.mostOfMeans * problem.total
    let coarsest = Self.mostOfRounding * problem.total
    var (raw, net) = (0.0, 0.0)
    // Nearly all are far from it, so that shares are not worked out before.
    for map in problem.maps {
      let rest = LeastSquares.rest(problem, map, members, leastPivot: Self.leastPivot)
      raw += rest
      net += max(0, rest - map.noise)
      guard net <= worst, raw <= coarsest else { return nil }
    }
    let found = problem.maps.map { map in
      (map: map, fit: LeastSquares(problem, map, members, leastPivot: Self.leastPivot))
    }
    let active = found.filter { $0.fit.isDefined.contains(true) }
    guard !active.isEmpty else { return nil }
    var mean = members.map { _ in 0.0 }
    for k in members.indices {
      let known = active.filter { $0.fit.isDefined[k] }
      let weights = known.reduce(0) { $0 + $1.map.weights }
      mean[k] = weights > 0 ? known.reduce(0) { $0 + $1.map.weights * $1.fit.shares[k] } / weights : 0
    }
    if !active.contains(where: { $0.fit.isDefined[0] }) { mean[0] = 1 - mean.dropFirst().reduce(0, +) }
    let all = active.flatMap(\.fit.shares)
    isConvex = all.allSatisfy { $0 >= -Self.tolerance }
    isStack = all.allSatisfy { abs($0) < Self.tolerance || abs($0 - 1) < Self.tolerance }
    isStock =
      members.count > 2
      && active.allSatisfy { one in
        let own = Array(one.fit.shares.dropFirst())
        let mean = own.reduce(0, +) / Double(own.count)
        return one.fit.isDefined.dropFirst().allSatisfy(\.self) && one.fit.shares[0] > Self.leastOfStock
          && own.allSatisfy { abs($0 - mean) <= Self.sameShare * abs(mean) + 1e-5 }
      }
    hasFrozen = active.count < found.count
    isUniform = active.allSatisfy { one in
      members.indices.allSatisfy { !one.fit.isDefined[$0] || abs(one.fit.shares[$0] - mean[$0]) < Self.tolerance }
    }
    let misfit = (net / problem.total).squareRoot()
    let most = isUniform ? (isConvex ? Self.mostOfMeans : Self.mostOfSums) : Self.mostOfTensors
    guard misfit <= most, isConvex || isUniform || isStock,
      isStock || mean.allSatisfy({ abs($0) > Self.smallestShare })
    else { return nil }
    let sum = mean.reduce(0, +)
    guard sum > 0 else { return nil }
    self.members = members
    self.misfit = misfit
    shares = mean.map { $0 / sum }
    span = Self.span(problem, members)
  }

  private static func span(_ problem: Problem, _ members: [Int]) -> Double {
    var span = 0.0
    for map in problem.maps {
      for (place, a) in members.enumerated() {
        for b in members[(place + 1)...] { span += problem.square(map, a, b) }
      }
    }
    return span / Double(members.count * (members.count - 1))
  }

  /// A spherical interpolation of two: a plane through the origin holds all three, and the two shares of each tensor are
  /// sin((1 - t) w) / sin(w) and sin(t w) / sin(w), with the angle w between the two and one t for all.
  ///
  /// - Returns: nil where that does not fit, or where the angles are so small that a mean is the same.
  init?(spherical problem: Problem, _ members: [Int]) {
    guard members.count == 2 else { return nil }
    let (a, b) = (members[0], members[1])
    var (net, far) = (0.0, 0.0)
    var found: [(share: Double, weights: Double)] = []
    for map in problem.maps {
      let (x, y, own) = (map.energies[a], map.energies[b], map.energies[0])
      let inner = (x + y - problem.square(map, a, b)) / 2
      let (alongX, alongY) = ((own + x - problem.square(map, 0, a)) / 2, (own + y - problem.square(map, 0, b)) / 2)
      let area = x * y - inner * inner
      guard problem.square(map, a, b) > 0, area > 0 else {
        net += max(0, problem.square(map, 0, a) - map.noise)
        continue
      }
      let (first, second) = ((alongX * y - alongY * inner) / area, (alongY * x - alongX * inner) / area)
      net += max(0, own - first * alongX - second * alongY - map.noise)
      let angle = acos(min(max(inner / (x * y).squareRoot(), -1), 1))
      let (up, down) = (sin(angle) * first, sin(angle) * second)
      guard first > 0, second > 0, abs(up) < 1, abs(down) < 1 else { return nil }
      let share = asin(down) / angle
      guard abs(asin(up) / angle + share - 1) < Self.tolerance else { return nil }
      far += (1 - cos(angle)) * map.weights
      found.append((share, map.weights))
    }
    misfit = (net / problem.total).squareRoot()
    let weights = found.reduce(0) { $0 + $1.weights }
    guard weights > 0, misfit <= Self.mostOfTensors, far > Self.leastBend * weights else { return nil }
    let share = found.reduce(0) { $0 + $1.weights * $1.share } / weights
    guard found.allSatisfy({ abs($0.share - share) < Self.tolerance }),
      (Self.smallestShare...1 - Self.smallestShare).contains(share)
    else { return nil }
    self.members = members
    shares = [1 - share, share]
    (isConvex, isUniform, isStack, isStock) = (true, true, false, false)
    hasFrozen = found.count < problem.maps.count
    span = Self.span(problem, members)
  }

  /// Mean of 1 - cos(w) above which an arc differs from its chord by more than errors of the sums.
  private static let leastBend = 1e-4

  /// Shares of one tensor.
  struct LeastSquares: Sendable {
    /// Of the members; they add up to 1.
    let shares: [Double]
    /// Squared distance from the combination.
    let rest: Double
    /// Is a share determined, or do others explain the member?
    let isDefined: [Bool]

    init(_ problem: Problem, _ map: Neighborhoods.Map, _ members: [Int], leastPivot: Double) {
      self.init(
        count: members.count, leastPivot: leastPivot,
        own: { problem.square(map, 0, members[$0]) }, between: { problem.square(map, members[$0], members[$1]) })
    }

    /// - Parameters:
    ///   - own: squared distance of the model from a member.
    ///   - between: squared distance of two members; the first member is the origin.
    init(count: Int, leastPivot: Double, own: (Int) -> Double, between: (Int, Int) -> Double) {
      var shares = Array(repeating: 0.0, count: count)
      var isDefined = Array(repeating: false, count: count)
      shares[0] = 1
      rest = Factor.make(rows: count - 1, leastPivot: leastPivot, own: own, between: between) { factor in
        for i in (0..<factor.rows).reversed() where factor.isUsed(i) {
          var sum = factor.target(i)
          for k in i + 1..<factor.rows where factor.isUsed(k) { sum -= factor[k, i] * shares[k + 1] }
          shares[i + 1] = sum / factor[i, i]
          isDefined[i + 1] = true
          shares[0] -= shares[i + 1]
        }
        isDefined[0] = (0..<factor.rows).allSatisfy { factor.isUsed($0) }
      }
      self.shares = shares
      self.isDefined = isDefined
    }

    /// The squared distance alone.
    static func rest(_ problem: Problem, _ map: Neighborhoods.Map, _ members: [Int], leastPivot: Double) -> Double {
      Factor.make(
        rows: members.count - 1, leastPivot: leastPivot, own: { problem.square(map, 0, members[$0]) },
        between: { problem.square(map, members[$0], members[$1]) }, { _ in })
    }
  }

  /// Cholesky's factor of the inner products of displacements, row by row; rows without a pivot stay out. It lies on the
  /// stack, as most of them are looked at once.
  private struct Factor {
    let rows: Int
    /// The factor, and what it makes of the target.
    private let numbers: UnsafeMutableBufferPointer<Double>

    subscript(i: Int, k: Int) -> Double {
      get { numbers[i * rows + k] }
      nonmutating set { numbers[i * rows + k] = newValue }
    }

    func isUsed(_ row: Int) -> Bool { self[row, row] > 0 }

    func target(_ row: Int) -> Double { numbers[rows * rows + row] }

    /// - Parameters:
    ///   - own, between: see `LeastSquares`.
    ///   - body: not called where all members are the same.
    /// - Returns: the squared distance from the combination.
    static func make(
      rows: Int, leastPivot: Double, own: (Int) -> Double, between: (Int, Int) -> Double, _ body: (Factor) -> Void
    ) -> Double {
      let home = own(0)
      var longest = 0.0
      for i in 0..<rows { longest = max(longest, between(0, i + 1)) }
      guard longest > 0 else { return home }
      return withUnsafeTemporaryAllocation(of: Double.self, capacity: rows * (rows + 1)) { numbers in
        numbers.initialize(repeating: 0)
        let factor = Factor(rows: rows, numbers: numbers)
        var rest = home
        for i in 0..<rows {
          factor.add(i, least: leastPivot * longest, home: home, own: own, between: between)
          if factor.isUsed(i) { rest -= factor.target(i) * factor.target(i) }
        }
        body(factor)
        return max(0, rest)
      }
    }

    private func add(_ i: Int, least: Double, home: Double, own: (Int) -> Double, between: (Int, Int) -> Double) {
      let length = between(0, i + 1)
      for j in 0..<i where isUsed(j) {
        var sum = (length + between(0, j + 1) - between(i + 1, j + 1)) / 2
        for k in 0..<j where isUsed(k) { sum -= self[i, k] * self[j, k] }
        self[i, j] = sum / self[j, j]
      }
      var pivot = length
      var target = (length + home - own(i + 1)) / 2
      for k in 0..<i where isUsed(k) {
        pivot -= self[i, k] * self[i, k]
        target -= self[i, k] * self.target(k)
      }
      guard pivot > least else { return }
      self[i, i] = pivot.squareRoot()
      numbers[rows * rows + i] = target / self[i, i]
    }
  }
}
