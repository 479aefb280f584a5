import Checkpoints
import Core
import Hints
import Lineage
import Planning
import Reports
import System

/// What was solved of one section of a comparison.
struct SolvedSection {
  /// The section as a plan of its own.
  let plan: Plan
  /// Models, by number in the whole plan.
  let members: [Int]
  let lineage: Lineage
  /// As samples are measured, see `NeighborhoodSearch`; empty where the section is no neighborhood.
  let distances: SquareMatrix
  /// What was learned beside it.
  let notes: [Note]

  /// Every tensor goes to the results as it passes.
  ///
  /// - Throws: `Failure`: sums that are missing or damaged, factors that cannot be read, results that cannot be
  ///   written.
  init(
    _ number: Int, of comparison: Comparison, options: LineageOptions, hints: Hints?, results: ResultsFile
  ) throws(Failure) {
    let whole = comparison.plan
    let (plan, members) = (whole.section(number), whole.sections[number])
    (self.plan, self.members) = (plan, members)
    let arrays = try results.section(number, tensors: plan.tensors.map(ResultsFile.Tensor.init))
    var problem = LineageProblem(plan, options: options, hints: hints)
    problem.updates = AdapterUpdates(plan)
    let own = whole.covers.own(number)
    // A parent that is not in a neighborhood may well be in the collection.
    if own != nil { problem.findsAncestors = false }
    var sums = DistanceSums(.auto, models: own == nil ? 0 : members.count)
    let hasLinear = plan.tensors.contains { $0.role == .linear }
    let lineage = try LineageSolver(problem).solve(comparison.statistics(of: plan)) { tensor throws(Failure) in
      try arrays.add(tensor)
      if own != nil, !hasLinear || tensor.role == .linear { sums.add(TensorView(tensor)) }
    }
    try arrays.finish(lineage, metric: options.metric)
    self.lineage = lineage
    distances = sums.matrix
    // Of a view that is said where its model is compared, of a guest where it is at home.
    let guests = Set(members).subtracting(own ?? members)
    let others = Set(
      members.filter { whole.models[$0].viewed != nil || guests.contains($0) }.map { whole.models[$0].id })
    notes = (lineage.unusable.notes(plan.models) + lineage.adapters.compactMap { $0.note(plan.models) })
      .filter { !others.contains($0.subject) }
  }
}
