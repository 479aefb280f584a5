/// Puts adapters below the models that they were trained on. Without adapters, the lineage stays as it is.
package struct AdapterAttachment: Sendable {
  private let problem: LineageProblem

  package init(_ problem: LineageProblem) { self.problem = problem }

  /// - Parameter bases: what the first reading collected of the adapters; nil where no changes were read.
  package func run(_ lineage: Lineage, _ bases: AdapterBases?) -> Lineage {
    guard let bases else { return lineage }
    let copies = lineage.duplicateOf.indices.filter { lineage.duplicateOf[$0] != nil }
    let verdicts = bases.verdicts(
      families: lineage.families, relations: lineage.relations,
      excluded: Set(copies).union(lineage.unusable.findings.keys), isForbidden: problem.isForbidden)
    var whole = lineage
    whole.adopt(verdicts)
    return whole
  }
}
