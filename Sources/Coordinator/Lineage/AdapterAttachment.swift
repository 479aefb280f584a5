internal import Core
internal import Graph

/// Puts adapters below the models that they were trained on. Without adapters, the lineage stays as it is.
package struct AdapterAttachment: Sendable {
  private let problem: LineageProblem

  package init(_ problem: LineageProblem) { self.problem = problem }

  /// - Parameters:
  ///   - lineage: of all models but adapters.
  ///   - bases: what the first reading collected of the adapters; nil where no changes were read.
  package func run(_ lineage: Lineage, _ bases: AdapterBases?) -> Lineage {
    guard let bases else { return lineage }
    let copies = lineage.duplicateOf.indices.filter { lineage.duplicateOf[$0] != nil }
    let verdicts = bases.verdicts(
      families: lineage.families, relations: lineage.relations,
      excluded: Set(copies).union(lineage.unusable.models), isForbidden: problem.isForbidden)
    var whole = lineage
    whole.adopt(verdicts)
    return whole
  }
}

extension Lineage {
  /// Puts adapters below the models that they were trained on.
  fileprivate mutating func adopt(_ verdicts: [AdapterVerdict]) {
    adapters = verdicts
    for verdict in verdicts {
      guard let base = verdict.base else { continue }
      families[verdict.adapter] = families[base]
      parents[verdict.adapter] = base
      relations[verdict.adapter] = .adapter(rank: verdict.rank)
      support[verdict.adapter] = verdict.support
      // By its nature an adapter comes after its base.
      directionSupport[verdict.adapter] = 1
      distances.setBoth(base, verdict.adapter, verdict.distance)
    }
    families = Families.numbered(families)
  }
}
