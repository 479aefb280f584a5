package import Core

/// Models that are combinations of others: weighted means, as model soups and interpolations are, and
/// sums of task vectors, a base plus multiples of what its descendants learned.
///
/// The squared distances of the linear maps hold the whole geometry: with one model as origin, the
/// inner products of the displacements follow from them, and least squares gives the combination of
/// two or three others that comes nearest. Means of more are found by least squares with shares that are not negative,
/// over all relatives at once. No weight is read again. Shares add up to 1; that of a base
/// to which task vectors were added may be negative. Only models that share the same tensors are put together.
package struct Merge: Sendable, Equatable {
  package let child: Int
  /// Those with positive shares.
  package let parents: [Int]
  /// Of the parents, as they enter the sum.
  package let shares: [Double]
  /// Distance of the child from the combination, over its distance from its nearest relative; what
  /// rounding of the child explains is taken out.
  package let misfit: Double
  /// Sum of the sizes of all shares; 1 for a mean.
  private let size: Double

  /// True means come out below 0.01, anything else above 0.14; combinations with negative shares are
  /// freer, and must fit better.
  private static let largestMisfit = 0.1
  private static let largestMisfitOfSum = 0.03
  private static let smallestShare = 0.02
  /// Of the sizes of all shares: a combination that is solved for one of its parts has larger ones.
  private static let largestSize = 2.0
  private static let nearest = 10

  /// Where all models lie relative to each other, by their linear maps.
  package struct Geometry: Sendable {
    /// Squared distances, n x n.
    package private(set) var squares: SquareMatrix
    /// Weights that the squared distances are over.
    fileprivate var weights: SquareMatrix
    /// Squared norms per model.
    package private(set) var energies: [Double]
    /// Unit roundoff of the type that each model is stored in.
    private let rounding: [Double]

    /// Rounding errors are granted this much more than their mean.
    private static let allowance = 1.3

    /// - Parameter rounding: per model, unit roundoff of the type that it is stored in.
    package init(rounding: [Double]) {
      squares = SquareMatrix(rounding.count)
      weights = squares
      energies = Array(repeating: 0, count: rounding.count)
      self.rounding = rounding
    }

    package mutating func add(_ view: TensorView, _ scope: Scope) {
      let tensor = view.tensor
      tensor.forEachPair { p, a, b in
        let (i, j) = (tensor.models[a], tensor.models[b])
        guard scope.includes(tensor.role, i, j) else { return }
        squares.setBoth(i, j, squares[i, j] + tensor.sums.l2[p])
        weights.setBoth(i, j, weights[i, j] + Double(tensor.shape.elements))
      }
      for (a, i) in tensor.models.enumerated() where scope.includes(tensor.role, i) { energies[i] += view.energies[a] }
    }

    /// Do all pairs of some models share the same weights? Distances over different ones make no geometry.
    fileprivate func isUniform(_ models: [Int]) -> Bool {
      let first = weights[models[0], models[1]]
      return models.indices.allSatisfy { a in
        models[(a + 1)...].allSatisfy { weights[models[a], $0] == first }
      }
    }

    /// Squared distance by which rounding moves a model.
    fileprivate func noise(_ model: Int) -> Double {
      Self.allowance * StorageGrid.meanSquaredError * rounding[model] * rounding[model] * energies[model]
    }
  }

  /// The merges among the distinct models of one family.
  package static func find(_ geometry: Geometry, members: [Int]) -> [Merge] {
    let found = members.compactMap { best($0, geometry, members) }
    // Of models that are combinations of each other, the one with the smallest shares was made last.
    return found.filter { merge in
      !found.contains {
        merge.parents.contains($0.child) && $0.parents.contains(merge.child) && $0.size < merge.size
      }
    }
  }

  private static func best(_ child: Int, _ geometry: Geometry, _ members: [Int]) -> Merge? {
    let squares = geometry.squares
    let most = members.map { $0 == child ? 0 : geometry.weights[child, $0] }.max() ?? 0
    let relatives = members.filter {
      $0 != child && squares[child, $0] > 0 && geometry.weights[child, $0] == most
    }
    let others = Nearest.models(nearest, of: relatives) { squares[child, $0] }
    guard let first = others.first else { return nil }
    for sets in [pairs(others), triples(others)] {
      let fits = sets.compactMap { fit(child, $0, geometry, first) }
      if let best = fits.min(by: { $0.misfit < $1.misfit }) { return best }
    }
    return mean(child, others, geometry)
  }

  /// Means of four and more: the point of the simplex of the relatives that is nearest to the child.
  ///
  /// |c - sum s x|^2 = sum s d2[c, x] - sum over pairs s s' d2[x, x'] for shares that add up to 1, minimized by moving
  /// share from one relative to another as long as that helps.
  private static func mean(_ child: Int, _ near: [Int], _ geometry: Geometry) -> Merge? {
    let squares = geometry.squares
    let nearest = near[0]
    let models = near.filter { $0 == nearest || geometry.isUniform([child, nearest, $0]) }
    guard models.count > 3, geometry.isUniform([child] + models) else { return nil }
    var shares = models.map { _ in 1 / Double(models.count) }
    func slope(_ k: Int) -> Double {
      squares[child, models[k]] - models.indices.reduce(0) { $0 + shares[$1] * squares[models[k], models[$1]] }
    }
    for _ in 0..<mostSteps {
      let slopes = models.indices.map(slope)
      guard let to = models.indices.min(by: { slopes[$0] < slopes[$1] }),
        let from = models.indices.filter({ shares[$0] > 0 }).max(by: { slopes[$0] < slopes[$1] }), to != from
      else { break }
      let gain = slopes[from] - slopes[to]
      guard gain > 1e-9 * squares[child, nearest] else { break }
      // Along this direction the second derivative is twice their squared distance.
      let step = min(shares[from], gain / (2 * squares[models[from], models[to]]))
      shares[from] = step == shares[from] ? 0 : shares[from] - step
      shares[to] += step
    }
    let chosen = models.indices.filter { shares[$0] > smallestShare }
    guard 4...mostParents ~= chosen.count, chosen.count < models.count else { return nil }
    let total = chosen.reduce(0) { $0 + shares[$1] }
    let own = chosen.map { shares[$0] / total }
    var rest = zip(chosen, own).reduce(0) { $0 + $1.1 * squares[child, models[$1.0]] }
    for (a, k) in chosen.enumerated() {
      for (b, l) in chosen.enumerated() where b > a { rest -= own[a] * own[b] * squares[models[k], models[l]] }
    }
    let misfit = (max(0, rest - geometry.noise(child)) / squares[child, nearest]).squareRoot()
    guard misfit <= largestMisfit else { return nil }
    return Merge(child: child, parents: chosen.map { models[$0] }, shares: own, misfit: misfit, size: 1)
  }

  private static let mostSteps = 4000
  private static let mostParents = 8

  private static func fit(_ child: Int, _ models: [Int], _ geometry: Geometry, _ nearest: Int) -> Merge? {
    guard geometry.isUniform([child, nearest] + models.filter { $0 != nearest }) else { return nil }
    let squares = geometry.squares
    let origin = models[0]
    func inner(_ a: Int, _ b: Int) -> Double {
      (squares[a, origin] + squares[b, origin] - squares[a, b]) / 2
    }
    let axes = Array(models.dropFirst())
    let target = axes.map { inner($0, child) }
    var shares: [Double]
    if axes.count == 1 {
      shares = [target[0] / inner(axes[0], axes[0])]
    } else {
      let (a, b, c) = (inner(axes[0], axes[0]), inner(axes[0], axes[1]), inner(axes[1], axes[1]))
      let determinant = a * c - b * b
      guard determinant > 1e-12 * a * c else { return nil }
      shares = [
        (c * target[0] - b * target[1]) / determinant, (a * target[1] - b * target[0]) / determinant,
      ]
    }
    let explained = zip(shares, target).reduce(0) { $0 + $1.0 * $1.1 }
    let rest = max(0, squares[child, origin] - explained - geometry.noise(child))
    shares.insert(1 - shares.reduce(0, +), at: 0)
    let misfit = (rest / squares[child, nearest]).squareRoot()
    let size = shares.reduce(0) { $0 + abs($1) }
    let positive = models.indices.filter { shares[$0] > smallestShare }
    let isMean = positive.count == models.count
    guard misfit <= (isMean ? largestMisfit : largestMisfitOfSum), size <= largestSize, positive.count >= 2,
      shares.allSatisfy({ abs($0) > smallestShare })
    else { return nil }
    return Merge(
      child: child, parents: positive.map { models[$0] }, shares: positive.map { shares[$0] }, misfit: misfit,
      size: size)
  }

  private static func pairs(_ items: [Int]) -> [[Int]] {
    items.indices.flatMap { a in items.indices.dropFirst(a + 1).map { [items[a], items[$0]] } }
  }

  private static func triples(_ items: [Int]) -> [[Int]] {
    items.indices.flatMap { a in
      pairs(Array(items.dropFirst(a + 1))).map { [items[a]] + $0 }
    }
  }
}
