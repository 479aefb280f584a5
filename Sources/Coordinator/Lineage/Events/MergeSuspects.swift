internal import Core

/// Models of which nobody knows how they were put together, though several relatives together explain much of them.
///
/// Training takes a model away from its parent in a direction of its own: of the squared distance from the nearest
/// relative, other relatives explain little. Siblings whose parent is absent explain less than half, however many they
/// are, as their mean is that parent at best. What is explained by more was hardly trained.
struct MergeSuspects {
  private let neighborhoods: Neighborhoods

  private static let mostExplained = 0.5
  private static let mostExplainedOfSparse = 0.3
  private static let leastShare = 0.1
  private static let leastPivot = 1e-6

  init(_ neighborhoods: Neighborhoods) { self.neighborhoods = neighborhoods }

  /// - Parameters:
  ///   - merged: models whose parents are known to be several.
  ///   - parents: of all models. Descendants explain much of their ancestor, and say nothing here.
  func run(without merged: Set<Int>, parents: [Int?]) -> Set<Int> {
    let owns = neighborhoods.owns
    @Sendable func descends(_ model: Int, from ancestor: Int) -> Bool {
      var node: Int? = parents[model]
      for _ in parents.indices {
        guard let above = node else { return false }
        if above == ancestor { return true }
        node = parents[above]
      }
      return false
    }
    let found = Parallel.map(owns.count) { k -> Int? in
      let own = owns[k]
      guard !merged.contains(own.model) else { return nil }
      let places = own.near.indices.filter {
        !merged.contains(own.near[$0]) && !descends(own.near[$0], from: own.model)
      }
      return isExplained(own, places) ? own.model : nil
    }
    return Set(found.compactMap { $0 })
  }

  private func isExplained(_ own: Neighborhoods.Own, _ near: [Int]) -> Bool {
    guard near.count > 1 else { return false }
    let index = own.index
    let maps = own.maps.filter { $0.squares.allSatisfy(\.isFinite) }
    func square(_ a: Int, _ b: Int) -> Double {
      a == b ? 0 : maps.reduce(0) { $0 + $1.squares[index(min(a, b), max(a, b))] }
    }
    let found = Combination.LeastSquares(
      count: near.count, leastPivot: Self.leastPivot, own: { square(0, near[$0] + 1) },
      between: { square(near[$0] + 1, near[$1] + 1) })
    guard found.shares.count(where: { $0 > Self.leastShare }) > 1 else { return false }
    let nearest = near.map { square(0, $0 + 1) }.min() ?? 0
    guard nearest > 0, nearest.isFinite else { return false }
    let isSparse = !own.isCoarse && near.contains { own.equal[$0].isSparse }
    return 1 - found.rest / nearest > (isSparse ? Self.mostExplainedOfSparse : Self.mostExplained)
  }
}
