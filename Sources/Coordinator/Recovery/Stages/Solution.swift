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
  /// Per model the section that it belongs to; nil: the first that has it.
  let homes: [Int?]?

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
      guests: plan.sections.indices.count(where: plan.isOfWidths),
      groups: plan.covers.isEmpty
        ? nil
        : plan.sections.indices.map { section in
          plan.covers.firstIndex { $0.sections.contains(section) } ?? -1
        })
    Allocator.keepFreed()
    var graphs: [ModelGraph] = []
    var siblings: [[Int]] = []
    var notes: [Note] = []
    var joined: [JoinedNeighborhoods] = []
    for cover in plan.covers {
      var parts: [SolvedSection] = []
      for number in cover.sections {
        parts.append(try SolvedSection(number, of: comparison, options: options, hints: hints, results: results))
      }
      let found = JoinedNeighborhoods(cover, parts)
      graphs += parts.map { GraphBuilder.graph($0.lineage, $0.plan) }
      siblings += parts.map { _ in [] }
      notes += parts.flatMap(\.notes) + [found.note(plan.models)]
      joined.append(found)
    }
    for number in plan.sections.indices where plan.covers.own(number) == nil {
      let part = try SolvedSection(number, of: comparison, options: options, hints: hints, results: results)
      graphs.append(GraphBuilder.graph(part.lineage, part.plan))
      siblings.append(part.lineage.absentParents.map(\.sibling))
      notes += part.notes
    }
    graph = GraphBuilder.joined(graphs, siblings: siblings, plan, neighborhoods: joined)
    self.notes = notes
    homes = joined.isEmpty ? nil : Self.homes(plan, joined)
    adapterBytes = AdapterUpdates.bytes(plan)
  }

  /// Per model the section that it belongs to; of models in several the one that is taken at its word.
  private static func homes(_ plan: Plan, _ joined: [JoinedNeighborhoods]) -> [Int?] {
    var homes: [Int?] = Array(repeating: nil, count: plan.collectionCount)
    for (number, members) in plan.sections.enumerated() {
      for model in members.map(plan.owner) where homes[model] == nil { homes[model] = number }
    }
    for (model, home) in joined.flatMap(\.homes) { homes[model] = home }
    return homes
  }

  /// Family number per model.
  var families: [Int] { graph.nodes.filter { !$0.isInferred }.map(\.family) }
}
