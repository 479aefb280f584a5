package import Core
package import System

/// Finds the parent of every model from the gathered sums.
///
/// A pipeline of stages, each a value that turns what the stages before it found into one result.
package struct LineageSolver: Sendable {
  private let problem: LineageProblem

  package init(_ problem: LineageProblem) { self.problem = problem }

  /// - Parameters:
  ///   - source: gathered sums of all compared tensors. Read three times, the last time only as far as needed.
  ///   - observing: called once with every tensor, in order.
  /// - Throws: what the source and the observer throw.
  package func solve(
    _ source: some TensorSource, observing: (TensorSums) throws(Failure) -> Void = { _ throws(Failure) in }
  ) throws(Failure) -> Lineage {
    let metric = problem.options.metric
    let ranked = RankedTensors(
      source, stored: problem.rounding, countsNoise: metric != .motherLoRA,
      noise: problem.noise, independentNoise: problem.independentNoise(tensor:model:))
    return metric.isPublished
      ? try solve(by: PublishedRules(problem), ranked, observing)
      : try solve(by: LikelihoodMethod(problem), ranked, observing)
  }

  /// Share of the larger of two models below which they have only a part in common.
  private static let whole = 0.9

  private func isPart(_ i: Int, _ j: Int) -> Bool { problem.overlap.least(i, j) < Self.whole }

  private func solve(
    by method: some LineageMethod, _ source: some TensorSource, _ observing: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) -> Lineage {
    let totals = try TensorPass(problem, method).run(source, observing: observing)
    let families = FamilyGrouping(problem).run(totals)
    let pairs = try PairPass(method).run(source, totals, families)
    let isOwn = problem.options.stage == .auto && !problem.options.metric.isPublished
    let copies = isOwn ? totals.quantized.copies(families) : []
    var events = method.events(totals.comparison, pairs, families, copies: copies)
    if isOwn {
      events.add(
        totals.quantized, families, totals.scope, unread: Set(problem.unread.keys), partial: problem.partial)
    }
    let trees = ForestSearch(method).run(families, pairs, events)
    let parentTests = method.parentTests(trees, pairs)
    // A number of families that was asked for, or rules without them, leave nothing to say of parts.
    let components =
      isOwn && problem.options.families == nil
      ? try ComponentPass(problem).run(source, totals, families, parents: trees.parents) : []
    var suspects = method.suspects(trees, pairs, events)
    if isOwn {
      let merged = Set(events.merges.joined().map(\.child))
      suspects.formUnion(
        Patchworks(totals.quantized).run(parents: trees.parents, families) {
          merged.contains($0) || events.isCopy($0)
        })
    }
    events.assembled = events.patched.union(suspects).union(events.merges.joined().map(\.child))
    let relations = try RelationPass(problem).run(source, trees, families, events, totals.scaled)
    let doubt = ParentDoubt(
      trees, parentTests, distances: pairs.distances, events, siblings: relations.ofSiblings,
      excluded: totals.quantized.coarseModels.union(problem.unread.keys).union(events.partsOf.keys).union(suspects)
        .union(problem.restored),
      silent: Set(trees.parents.indices.filter { child in trees.parents[child].map { isPart($0, child) } ?? false }))
    var support = ForestSupport(problem.options, method).run(trees, families, pairs, events)
    if problem.options.replicates > 0 {
      let continued = method.continuedSteps(trees, totals.comparison) {
        events.assembled.contains($0) || events.isCopy($0)
      }
      SupportDiscounts(trees, events, doubt, suspects: suspects.union(continued)).apply(to: &support)
    }
    let lineage = Lineage(
      distances: pairs.distances, relatedness: totals.relatedness.ratio,
      probability: totals.relatedness.probability, scores: totals.comparison.scores,
      evidence: events.evidence, direction: Penalty.step.matrix(events.evidence), cost: trees.cost,
      families: families.numbers, parents: trees.parents, relations: relations.relations,
      rankEvidence: relations.rankEvidence, transforms: relations.transforms, merges: events.merges.flatMap { $0 },
      duplicateOf: families.duplicateOf, support: support.edges, directionSupport: support.directions,
      parentShares: support.parents, parentTests: parentTests,
      absentParents: problem.findsAncestors ? doubt.absentParents(trees) : [],
      components: components,
      unusable: totals.unusable)
    let attached = isOwn ? CopyAttachment(problem).run(lineage, totals.quantized, totals.scope) : lineage
    return AdapterAttachment(problem).run(attached, totals.adapterBases)
  }
}
