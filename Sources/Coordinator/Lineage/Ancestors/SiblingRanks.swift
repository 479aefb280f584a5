internal import Core

/// Low-rank updates of siblings whose parent is absent.
///
/// Ranks of differences add up along the paths of a tree, as updates have no directions in common by chance: the rank
/// of a difference is the sum of the ranks of all updates between two models. So three models tell how far each is from
/// the point where their paths meet, (r[p, a] + r[p, b] - r[a, b]) / 2. A true parent is that point itself; a sibling
/// has an update of its own.
struct SiblingRanks {
  /// Those that one other at least shows to be siblings of their parents in the tree.
  private(set) var isSibling: Set<Int> = []

  /// Pairs that are tried of each model.
  private static let most = 8
  /// Of the three distances from the point together: each of them. Ranks may be off by one in some tensors.
  private static let leastShare = 0.05
  /// From which on ranks do not add up.
  private static let coarse = EqualWeights.coarse

  /// Pairs of children of the same model, and of its own parent with each.
  ///
  /// - Parameter assembled: models that were not made by training alone: they have directions in common with others.
  static func pairs(_ parents: [Int?], without assembled: Set<Int>) -> [EdgeRanks.Edge] {
    var children: [Int: [Int]] = [:]
    for (child, parent) in parents.enumerated() where !assembled.contains(child) {
      if let parent, !assembled.contains(parent) { children[parent, default: []].append(child) }
    }
    var pairs: [EdgeRanks.Edge] = []
    for (parent, children) in children.sorted(by: { $0.key < $1.key }) {
      for first in children.indices {
        for other in children[(first + 1)...].prefix(most) {
          pairs.append(EdgeRanks.Edge(parent: children[first], child: other))
        }
      }
      guard let above = parents[parent], !assembled.contains(above) else { continue }
      pairs += children.map { EdgeRanks.Edge(parent: above, child: $0) }
    }
    return pairs
  }

  init(
    _ siblings: [EdgeRanks.Edge], _ parents: [Int?], _ known: [EdgeRanks.Edge: EdgeRanks.Finding], rounding: [Double]
  ) {
    for pair in siblings {
      // A model's parent lies between its own parent and the model, or is a sibling of one of these.
      let (a, b) = (pair.parent, pair.child)
      guard let parent = parents[b], [a, b, parent].allSatisfy({ rounding[$0] < Self.coarse }),
        let first = known[.init(parent: parent, child: a)] ?? known[.init(parent: a, child: parent)],
        let second = known[.init(parent: parent, child: b)],
        let between = known[pair], [first, second, between].allSatisfy(\.isLowRank)
      else { continue }
      let own = first.total + second.total - between.total
      let ways = [own, 2 * first.total - own, 2 * second.total - own]
      guard ways.allSatisfy({ Double($0) > Self.leastShare * Double(ways.reduce(0, +)) }) else { continue }
      isSibling.formUnion(parents[a] == parent ? [a, b] : [parent, b])
    }
  }
}
