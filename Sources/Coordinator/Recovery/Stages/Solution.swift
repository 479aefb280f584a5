internal import Checkpoints
internal import Core
internal import Hints
internal import Lineage
internal import Planning
internal import Reports
internal import System

/// The fifth stage of a recovery: the lineage, with what was learned beside it.
struct Solution {
  let lineage: Lineage
  /// Models that stand alone, and why.
  let notes: [Note]
  /// Factors of adapters, which are read beside the gathered sums.
  let adapterBytes: Int
  /// The matrices so far; finished with the lineage.
  let results: ResultsFile

  /// Solves a comparison whose shards are all finished. Every tensor goes to the results as it passes.
  ///
  /// - Throws: `Failure`: sums that are missing or damaged, factors that cannot be read, results that cannot be
  ///   written.
  init(
    _ comparison: Comparison, options: LineageOptions, hints: Hints?, results path: String
  ) throws(Failure) {
    let plan = comparison.plan
    let results = try ResultsFile(
      to: path, ids: plan.models.map(\.id), tensors: plan.tensors.map(ResultsFile.Tensor.init))
    Allocator.keepFreed()
    var problem = LineageProblem(plan, options: options, hints: hints)
    problem.updates = AdapterUpdates(plan)
    lineage = try LineageSolver(problem).solve(comparison.statistics, observing: results.add)
    notes = lineage.unusable.notes(plan.models) + lineage.adapters.compactMap { $0.note(plan.models) }
    adapterBytes = AdapterUpdates.bytes(plan)
    self.results = results
  }
}
