internal import Core

/// Models that are averages of others: weighted means, as model soups and merges are.
///
/// The squared distances of the linear maps hold the whole geometry: with one parent as origin, the
/// inner products of the displacements follow from them, and least squares gives the combination of
/// two or three others that comes nearest. No weight is read again.
public struct Mixture: Sendable, Equatable {
  public let child: Int
  public let parents: [Int]
  /// Of the parents; they add up to 1.
  public let shares: [Double]
  /// Distance of the child from the combination, over its distance from its nearest relative.
  public let misfit: Double

  /// True mixtures come out below 0.01 (float32, float16), anything else above 0.14.
  private static let largestMisfit = 0.1
  private static let smallestShare = 0.02
  private static let nearest = 10

  /// - Parameters:
  ///   - squares: squared distances over linear maps, n x n.
  ///   - members: of one family, without copies.
  static func find(_ squares: SquareMatrix, members: [Int]) -> [Mixture] {
    members.compactMap { child in
      let others = members.filter { $0 != child && squares[child, $0] > 0 }.sorted {
        (squares[child, $0], $0) < (squares[child, $1], $1)
      }.prefix(nearest)
      guard let first = others.first else { return nil }
      let near = Array(others)
      return best(child, sets: pairs(near), squares, first) ?? best(child, sets: triples(near), squares, first)
    }
  }

  private static func best(_ child: Int, sets: [[Int]], _ squares: SquareMatrix, _ nearest: Int) -> Mixture? {
    sets.compactMap { fit(child, $0, squares, nearest) }.min { $0.misfit < $1.misfit }
  }

  private static func fit(_ child: Int, _ parents: [Int], _ squares: SquareMatrix, _ nearest: Int) -> Mixture? {
    let origin = parents[0]
    func inner(_ a: Int, _ b: Int) -> Double {
      (squares[a, origin] + squares[b, origin] - squares[a, b]) / 2
    }
    let axes = Array(parents.dropFirst())
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
    let rest = max(0, squares[child, origin] - explained)
    shares.insert(1 - shares.reduce(0, +), at: 0)
    let misfit = (rest / squares[child, nearest]).squareRoot()
    guard misfit <= largestMisfit, shares.allSatisfy({ $0 > smallestShare }) else { return nil }
    return Mixture(child: child, parents: parents, shares: shares, misfit: misfit)
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
