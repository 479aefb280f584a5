internal import Checkpoints
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
    var adapters = AdapterEvidence(plan, metric: options.metric)
    Allocator.keepFreed()
    let problem = LineageProblem(plan, options: options, hints: hints)
    var lineage = try LineageSolver(problem).solve(comparison.statistics) { tensor throws(Failure) in
      try results.add(tensor)
      try adapters.add(tensor)
    }
    let lonely = lineage.unusable.notes(plan.models)
    notes = lonely + adapters.adopt(into: &lineage, isForbidden: problem.isForbidden)
    adapterBytes = adapters.bytesRead
    self.lineage = lineage
    self.results = results
  }
}
