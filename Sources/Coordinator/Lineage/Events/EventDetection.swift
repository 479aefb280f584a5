internal import Core

/// Finds rounded copies and merges, whose order is beyond doubt.
package struct EventDetection: Sendable {
  private let findsRoundings: Bool
  private let findsMerges: Bool
  private let tokens: [Int]
  private let noMerges: Set<Int>

  /// Of the model with fewer tokens being the other's parent, where nothing else tells the two apart: tokens are
  /// added more often than removed. In nats.
  private static let fewerTokens = 3.0

  /// - Parameters:
  ///   - findsRoundings: look for copies in a coarser encoding?
  ///   - findsMerges: look for models that were averaged from others?
  ///   - tokens: per model, rows of its largest table of tokens; 0: not known.
  ///   - noMerges: models that are no merges, whatever fits: those whose experts come from other models, and copies in a
  ///     coarser encoding, whose errors of rounding would make up for anything.
  package init(findsRoundings: Bool, findsMerges: Bool, tokens: [Int], noMerges: Set<Int> = []) {
    self.findsRoundings = findsRoundings
    self.findsMerges = findsMerges
    self.tokens = tokens
    self.noMerges = noMerges
  }

  package func run(
    _ geometry: Merge.Geometry, _ findings: PairFindings<PairStatistics>, _ families: FamilyGroups
  ) -> Events {
    var events = Events(merges: families.families.map { _ in [] }, evidence: findings.evidence)
    for (p, pair) in findings.pairs.candidates.pairs.enumerated() where findings.pairs.isUnmoved(p) {
      let (i, j) = (pair.first, pair.second)
      guard tokens[i] > 0, tokens[j] > 0, tokens[i] != tokens[j] else { continue }
      events.evidence[i, j] = tokens[i] < tokens[j] ? Self.fewerTokens : -Self.fewerTokens
      events.evidence[j, i] = -events.evidence[i, j]
    }
    if findsRoundings { addRoundings(findings.pairs, geometry, to: &events) }
    guard findsMerges, let neighborhoods = findings.pairs.neighborhoods else { return events }
    for (number, family) in families.families.enumerated() {
      let members = family.distinct.filter { events.roundedFrom[$0] == nil && !noMerges.contains($0) }
      events.merges[number] = MergeSearch(neighborhoods, members: members, evidence: events.evidence).run()
      for merge in events.merges[number] {
        for parent in merge.parents { events.setCertain(first: parent, second: merge.child) }
      }
    }
    return events
  }

  private func addRoundings(_ pairs: PairStatistics, _ geometry: Merge.Geometry, to events: inout Events) {
    var prunings: [Int: [Int]] = [:]
    for (p, pair) in pairs.candidates.pairs.enumerated() {
      let rounding = pairs.rounding(p)
      guard rounding != 0 else { continue }
      let (source, copy) = rounding > 0 ? (pair.first, pair.second) : (pair.second, pair.first)
      guard !pairs.isPruning(p) else {
        prunings[copy, default: []].append(source)
        continue
      }
      events.setCertain(first: source, second: copy)
      // Relatives of the source look like sources too; the nearest is the true one.
      let known = events.roundedFrom[copy].map { geometry.squares[$0, copy] }
      guard known.map({ geometry.squares[source, copy] < $0 }) ?? true else { continue }
      events.roundedFrom[copy] = source
      if pairs.isCast(p) { events.casts.insert(copy) } else { events.casts.remove(copy) }
    }
    // Of a model that was pruned to several degrees, one result looks like the source of the next: the source is what
    // was not pruned itself, and the order of the others is open.
    for (copy, sources) in prunings.sorted(by: { $0.key < $1.key }) {
      let originals = sources.filter { prunings[$0] == nil }.sorted()
      for original in originals { events.setCertain(first: original, second: copy) }
      let nearest = originals.min { (geometry.squares[$0, copy], $0) < (geometry.squares[$1, copy], $1) }
      guard let nearest else { continue }
      let known = events.roundedFrom[copy].map { geometry.squares[$0, copy] }
      guard known.map({ geometry.squares[nearest, copy] < $0 }) ?? true else { continue }
      events.roundedFrom[copy] = nearest
      events.casts.remove(copy)
      events.pruned.insert(copy)
    }
  }
}
