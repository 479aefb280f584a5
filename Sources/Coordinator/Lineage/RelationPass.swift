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
    _ source: some TensorSource, _ trees: FamilyTrees, _ families: FamilyGroups, _ events: Events
  ) throws(Failure) -> Relations {
    let edges = trees.parents.enumerated().compactMap { child, parent in
      parent.map { EdgeRanks.Edge(parent: $0, child: child) }
    }
    var ranks = EdgeRanks(
      edges, rounding: problem.rounding, isSampled: !problem.options.metric.statistics.contains(.sketch))
    let roles = source.roles
    let scope = Scope(roles)
    try source.eachTensor(where: { scope.includes(roles[$0]) && ranks.isOpen }) { tensor throws(Failure) in
      ranks.add(tensor.finite)
    }
    var found = Relations(models: trees.parents.count)
    for (edge, finding) in zip(edges, ranks.findings) {
      let form = problem.form(edge.parent, edge.child)
      let relation: Relation =
        families.areCopies(edge.parent, edge.child)
        ? form.isSame ? .duplicate : .reformatted
        : problem.upcycled.contains(edge.child) && !problem.upcycled.contains(edge.parent)
          ? .upcycled : events.relation(parent: edge.parent, child: edge.child) ?? finding.relation
      found.relations[edge.child] = relation
      if !form.transforms.isEmpty { found.transforms[edge.child] = form.transforms }
      if relation.rank != nil { found.rankEvidence[edge.child] = finding.evidence }
    }
    return found
  }
}

/// How each model came from its parent.
package struct Relations: Sendable {
  /// Per model; nil for roots.
  package var relations: [Relation?]
  /// Per model: how the rank of a low-rank update was found; nil for all others.
  package var rankEvidence: [RankEvidence?]
  /// Per model: what was undone to compare it with its parent.
  package var transforms: [Int: [Transform]] = [:]

  package init(models n: Int) {
    relations = Array(repeating: nil, count: n)
    rankEvidence = Array(repeating: nil, count: n)
  }
}
