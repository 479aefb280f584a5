internal import Checkpoints
internal import Core
internal import Graph
internal import Hints
internal import Lineage
internal import Planning
internal import Reports
internal import System

/// The fifth stage of a recovery: the lineage, with what was learned beside it.
struct Solution {
  let graph: ModelGraph
  /// Models that stand alone, and why.
  let notes: [Note]
  /// Factors of adapters, which are read beside the gathered sums.
  let adapterBytes: Int
  /// All matrices; put in place with the report.
  let results: ResultsFile

  /// Solves a comparison whose shards are all finished, section by section. Every tensor goes to the results as it
  /// passes.
  ///
  /// - Throws: `Failure`: sums that are missing or damaged, factors that cannot be read, results that cannot be
  ///   written.
  init(
    _ comparison: Comparison, options: LineageOptions, hints: Hints?, results path: String
  ) throws(Failure) {
    let plan = comparison.plan
    results = try ResultsFile(
      to: path, ids: plan.models[..<plan.collectionCount].map(\.id),
      sections: plan.isWhole ? nil : plan.sections.map { $0.map(plan.owner) },
      guests: plan.sections.indices.count(where: plan.isOfWidths))
    Allocator.keepFreed()
    var graphs: [ModelGraph] = []
    var siblings: [[Int]] = []
    var notes: [Note] = []
    for number in plan.sections.indices {
      let section = plan.section(number)
      let arrays = try results.section(number, tensors: section.tensors.map(ResultsFile.Tensor.init))
      var problem = LineageProblem(section, options: options, hints: hints)
      problem.updates = AdapterUpdates(section)
      let lineage = try LineageSolver(problem).solve(comparison.statistics(of: section), observing: arrays.add)
      try arrays.finish(lineage, metric: options.metric)
      graphs.append(GraphBuilder.graph(lineage, section))
      siblings.append(lineage.absentParents.map(\.sibling))
      // Of a view that is said where its model is compared.
      let views = Set(section.models.filter { $0.viewed != nil }.map(\.id))
      let own = lineage.unusable.notes(section.models) + lineage.adapters.compactMap { $0.note(section.models) }
      notes += own.filter { !views.contains($0.subject) }
    }
    graph = GraphBuilder.joined(graphs, siblings: siblings, plan)
    self.notes = notes
    adapterBytes = AdapterUpdates.bytes(plan)
  }

  /// Family number per model.
  var families: [Int] { graph.nodes.filter { !$0.isInferred }.map(\.family) }
}
