internal import Core
package import Graph
package import System

/// Says how each model came from its parent. Reads the tensors once more, as far as needed, for
/// the ranks of the differences along the edges.
package struct RelationPass: Sendable {
  private let problem: LineageProblem

  package init(_ problem: LineageProblem) { self.problem = problem }

  /// - Throws: what the source throws.
  package func run(
    _ source: some TensorSource, _ trees: FamilyTrees, _ families: FamilyGroups, _ events: Events,
    _ copies: ScaledCopies
  ) throws(Failure) -> Relations {
    let edges = trees.parents.enumerated().compactMap { child, parent in
      parent.map { EdgeRanks.Edge(parent: $0, child: child) }
    }
    let siblings = SiblingRanks.pairs(trees.parents, without: events.assembled)
    var ranks = EdgeRanks(
      edges + siblings, rounding: problem.rounding, isSampled: !problem.options.metric.statistics.contains(.sketch))
    let roles = source.roles
    try source.eachTensor(where: { roles[$0] == .linear && ranks.isOpen }) { tensor throws(Failure) in
      ranks.add(tensor.finite)
    }
    var found = Relations(models: trees.parents.count)
    let known = Dictionary(
      zip(edges + siblings, ranks.findings).map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
    found.ofSiblings = SiblingRanks(siblings, trees.parents, known, rounding: problem.rounding).isSibling
    for (edge, finding) in zip(edges, ranks.findings) {
      let (relation, transforms) = relation(edge, finding, families, events, copies)
      found.relations[edge.child] = relation
      found.transforms[edge.child] = transforms
      if relation.rank != nil { found.rankEvidence[edge.child] = finding.evidence }
    }
    return found
  }

  private func relation(
    _ edge: EdgeRanks.Edge, _ finding: EdgeRanks.Finding, _ families: FamilyGroups, _ events: Events,
    _ copies: ScaledCopies
  ) -> (Relation, [Transform]) {
    let (parent, child) = (edge.parent, edge.child)
    let form = problem.form(parent, child)
    if families.areCopies(parent, child) { return (form.isSame ? .duplicate : .reformatted, form.transforms) }
    if problem.upcycled.contains(child), !problem.upcycled.contains(parent) { return (.upcycled, form.transforms) }
    if families.areScaled(parent, child) { return (.reformatted, form.transforms + [.scaled]) }
    let (before, after) = (problem.tokens[parent], problem.tokens[child])
    let known = events.relation(parent: parent, child: child)
    switch known == nil ? problem.layers(parent, child) : .none {
    case .removed: return (Relation(.pruned), form.transforms + [.layers])
    case .added: return (Relation(.upscaled), form.transforms + [.layers])
    case .none: break
    }
    guard before > 0, after > 0, before != after else { return (known ?? finding.relation, form.transforms) }
    if copies.areEqual(parent, child) {
      return (Relation(after > before ? .extended : .reformatted), form.transforms + [.vocabulary])
    }
    return (known ?? finding.relation, form.transforms + [.vocabulary])
  }
}

/// How each model came from its parent.
package struct Relations: Sendable {
  /// Per model; nil for roots.
  package var relations: [Relation?]
  /// Per model: how the rank of a low-rank update was found; nil for all others.
  package var rankEvidence: [RankEvidence?]
  /// Per model: what was undone to compare it with its parent.
  package var transforms: [[Transform]]
  /// Models whose ranks show them to be siblings of the model that the search took for their parent, see `SiblingRanks`.
  package var ofSiblings: Set<Int> = []

  package init(models n: Int) {
    relations = Array(repeating: nil, count: n)
    rankEvidence = Array(repeating: nil, count: n)
    transforms = Array(repeating: [], count: n)
  }
}
