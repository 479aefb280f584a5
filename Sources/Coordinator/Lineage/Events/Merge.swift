package import Core

/// Models that are combinations of others: weighted means, as model soups and interpolations are, and
/// sums of task vectors, a base plus multiples of what its descendants learned.
///
/// The squared distances of the linear maps hold the whole geometry: with one model as origin, the
/// inner products of the displacements follow from them, and least squares gives the combination of
/// two or three others that comes nearest. No weight is read again. Shares add up to 1; that of a base
/// to which task vectors were added may be negative.
public struct Merge: Sendable, Equatable {
  public let child: Int
  /// Those with positive shares.
  public let parents: [Int]
  /// Of the parents, as they enter the sum.
  public let shares: [Double]
  /// Distance of the child from the combination, over its distance from its nearest relative; what
  /// rounding of the child explains is taken out.
  public let misfit: Double
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
    /// Squared norms per model.
    package private(set) var energies: [Double]
    /// Unit roundoff of the type that each model is stored in.
    private let rounding: [Double]

    /// Rounding errors are granted this much more than their mean.
    private static let allowance = 1.3

    /// - Parameter rounding: per model, unit roundoff of the type that it is stored in.
    package init(rounding: [Double]) {
      squares = SquareMatrix(rounding.count)
      energies = Array(repeating: 0, count: rounding.count)
      self.rounding = rounding
    }

    package mutating func add(_ view: TensorView) {
      let tensor = view.tensor
      tensor.forEachPair { p, a, b in
        let (i, j) = (tensor.models[a], tensor.models[b])
        squares.setBoth(i, j, squares[i, j] + tensor.sums.l2[p])
      }
      for (a, i) in tensor.models.enumerated() { energies[i] += view.energies[a] }
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
    let near = members.filter { $0 != child && squares[child, $0] > 0 }.sorted {
      (squares[child, $0], $0) < (squares[child, $1], $1)
    }.prefix(nearest)
    guard let first = near.first else { return nil }
    let others = Array(near)
    for sets in [pairs(others), triples(others)] {
      let fits = sets.compactMap { fit(child, $0, geometry, first) }
      if let best = fits.min(by: { $0.misfit < $1.misfit }) { return best }
    }
    return nil
  }

  private static func fit(_ child: Int, _ models: [Int], _ geometry: Geometry, _ nearest: Int) -> Merge? {
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
