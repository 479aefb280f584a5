package import Core
internal import Glibc

/// How likely it is that a model's parent is not in the collection, and the one that was found is a sibling or
/// another relative.
///
/// A logistic regression of what `ParentTest` and the tree say, fitted to zoos from which parents were taken out one
/// after the other; see docs/accuracy.md.
package struct ParentDoubt: Sendable {
  /// Per model: from 0 to 1; 0 for roots, and where nothing is known or the parent is beyond doubt.
  package let probability: [Double]
  /// Models whose ranks say that the parent is absent, and per model the probability without them.
  private let siblings: Set<Int>
  private let withoutRanks: [Double]
  /// Models that imply no ancestor.
  private let silent: Set<Int>

  private static let intercept = -2.17
  private static let odds = 0.60
  private static let tables = 0.64
  private static let farther = 0.88
  private static let siblings = 0.59
  private static let onlyChild = 1.12
  private static let evidence = 0.27
  /// Not of the fit: ranks add up, or do not.
  private static let ranks = 6.0

  /// Growth of token tables from parent to child: somewhat above 1, as the rows that were trained move together.
  private static let usualTables = 1.1
  /// Of families without such tables: the mean over others.
  private static let unknownTables = 0.4
  /// Evidence of the order, in nats, from which on more changes nothing.
  private static let muchEvidence = 8.0
  private static let oddsRange = -2.0...5.0

  /// - Parameters:
  ///   - tests: per model; nil where nothing is known.
  ///   - distances, evidence: n x n.
  ///   - siblings: models whose ranks say that the parent is absent, see `SiblingRanks`.
  ///   - excluded: models whose weights are seen too coarsely, or in part, to tell a parent from a sibling.
  ///   - silent: models that share only a part with the parent that was found: they may doubt it, but do not imply
  ///     another one.
  package init(
    _ trees: FamilyTrees, _ tests: [ParentTest?], distances: SquareMatrix, _ events: Events, siblings: Set<Int> = [],
    excluded: Set<Int> = [], silent: Set<Int> = []
  ) {
    self.silent = silent
    var probability = Array(repeating: 0.0, count: trees.parents.count)
    var withoutRanks = probability
    // What was put together is nearer to its parents than these are to their own, without a growth of its own.
    let assembled = events.assembled
    for tree in trees.trees {
      for (place, parent) in tree.parents.enumerated() {
        let child = tree.nodes[place]
        guard let parent, let test = tests[child] else { continue }
        let above = tree.nodes[parent]
        let strength = events.evidence[above, child]
        // Copies and merges have their own proofs.
        guard !Events.isCertain(strength), !excluded.contains(child), !excluded.contains(above),
          !events.isCopy(above), !events.isCopy(child), !assembled.contains(above), !assembled.contains(child)
        else { continue }
        let rivals = tree.parents.indices.filter {
          tree.parents[$0] == parent && $0 != place && !assembled.contains(tree.nodes[$0])
        }
        let known = rivals.compactMap { tests[tree.nodes[$0]] }.map { Self.clamped($0.energies) }
        let others = tree.nodes.filter { $0 == above || $0 != child && !assembled.contains($0) }
        let nearest = others.map { distances[$0, child] }.filter { $0 > 0 }.min()
        let farther = nearest.map { log(distances[above, child] / $0) } ?? 0
        let sum =
          Self.intercept + Self.odds * Self.clamped(test.energies)
          + Self.tables * (test.tables.map { min(abs($0 - Self.usualTables), 1.5) } ?? Self.unknownTables)
          + Self.farther * min(max(farther.isFinite ? farther : 0, 0), 2)
          + Self.siblings * (known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count))
          + Self.onlyChild * (rivals.isEmpty ? 1 : 0)
          + Self.evidence * min(max(Self.muchEvidence - strength, 0), Self.muchEvidence)
        withoutRanks[child] = 1 / (1 + exp(-sum))
        probability[child] = 1 / (1 + exp(-sum - (siblings.contains(child) ? Self.ranks : 0)))
      }
    }
    self.probability = probability
    self.withoutRanks = withoutRanks
    self.siblings = siblings.filter { probability[$0] > 0 }
  }

  private static func clamped(_ odds: Double) -> Double {
    odds.isFinite ? min(max(odds, oddsRange.lowerBound), oddsRange.upperBound) : 0
  }

  /// The zoos of the fit lack a parent more often than collections do.
  private static let rarer = 2.0 / 3

  /// What remains of an edge's support.
  package func discount(_ child: Int) -> Double { 1 - Self.rarer * probability[child] }

  /// Doubt from which on the tree shows an ancestor that is not there.
  private static let inferred = 0.7
  /// The same where a single pair of models says so.
  private static let inferredByPair = 0.9
  /// Five in six of the ancestors that are inferred are right, however sure the model is of them.
  private static let surest = 0.85
  /// Mean probability without ranks from which on an ancestor that these show comes before the model above.
  private static let before = 0.5

  /// The ancestors that the models imply, each for models of its own: of two that would share one, the more
  /// probable.
  package func absentParents(_ trees: FamilyTrees) -> [AbsentParent] {
    var taken: Set<Int> = []
    return candidates(trees).sorted { ($1.support, $0.sibling) < ($0.support, $1.sibling) }.filter { found in
      let own = found.isBetween ? found.orphans : [found.sibling] + found.orphans
      guard taken.isDisjoint(with: own) else { return false }
      taken.formUnion(own)
      return true
    }.sorted { $0.sibling < $1.sibling }
  }

  private func candidates(_ trees: FamilyTrees) -> [AbsentParent] {
    var found: [AbsentParent] = []
    // Siblings that the search put one below the other are of one ancestor.
    func top(_ model: Int) -> Int? {
      guard siblings.contains(model) else { return trees.parents[model] }
      var above = trees.parents[model]
      for _ in probability.indices {
        guard let node = above, siblings.contains(node) else { break }
        above = trees.parents[node]
      }
      return above
    }
    for (parent, children) in Dictionary(grouping: probability.indices, by: { top($0) }).sorted(by: {
      ($0.key ?? -1) < ($1.key ?? -1)
    }) {
      let orphans = children.filter { probability[$0] > Self.inferred && !silent.contains($0) }
      guard let parent, let first = orphans.first,
        orphans.count > 1 || probability[first] > Self.inferredByPair
      else { continue }
      let mean = orphans.reduce(0) { $0 + probability[$1] } / Double(orphans.count)
      // Ranks do not tell whether the ancestor comes before the model above, or after it.
      let ofRanks = orphans.filter { siblings.contains($0) }
      let isBetween =
        2 * ofRanks.count > orphans.count
        && ofRanks.reduce(0) { $0 + withoutRanks[$1] } < Self.before * Double(ofRanks.count)
      found.append(
        AbsentParent(sibling: parent, orphans: orphans, support: min(mean, Self.surest), isBetween: isBetween))
    }
    return found
  }
}

/// An ancestor that is not in the collection: the parent of a model and of those that the search put below it.
package struct AbsentParent: Sendable, Equatable {
  /// The model that the search took for the parent.
  package var sibling: Int
  /// Its siblings, ascending.
  package var orphans: [Int]
  /// From 0 to 1.
  package var support: Double
  /// Does the ancestor come after the model that was taken for the parent, so that this one is not a sibling?
  package var isBetween: Bool

  package init(sibling: Int, orphans: [Int], support: Double, isBetween: Bool = false) {
    self.sibling = sibling
    self.orphans = orphans
    self.support = support
    self.isBetween = isBetween
  }
}
