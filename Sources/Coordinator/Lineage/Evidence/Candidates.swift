package import Core

/// The pairs that may become edges: each model with its nearest relatives. Only these are compared
/// in detail, which keeps the work linear in the models of large families; in small ones all pairs are.
package struct Candidates: Sendable {
  /// One pair, first < second.
  package struct Pair: Hashable, Sendable {
    package let first: Int
    package let second: Int
  }

  /// Nearest relatives of each model.
  private static let nearest = 16

  /// In families up to this size all pairs are candidates.
  private static let small = 64

  package private(set) var pairs: [Pair] = []
  private var places: [Pair: Int] = [:]

  /// - Parameters:
  ///   - families: members of each family, without copies.
  ///   - distances: n x n; pairs without a distance are not candidates.
  package init(families: [[Int]], distances: SquareMatrix) {
    for members in families {
      for i in members {
        var others = members.filter { $0 != i && !distances[i, $0].isNaN }
        if members.count > Self.small {
          others = Nearest.models(Self.nearest, of: others) { distances[i, $0] }
        }
        for j in others { insert(Pair(first: min(i, j), second: max(i, j))) }
      }
    }
  }

  private mutating func insert(_ pair: Pair) {
    guard places[pair] == nil else { return }
    places[pair] = pairs.count
    pairs.append(pair)
  }

  package func place(_ i: Int, _ j: Int) -> Int? { places[Pair(first: min(i, j), second: max(i, j))] }
}
