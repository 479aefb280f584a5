import Checkpoints
import Core
import Encodings
import Graph
import Lineage
import Planning
import Reports
import Storage
import System

/// Turns solved matrices into the graph of the models that they are about.
enum GraphBuilder {
  static func report(
    _ lineage: Lineage, _ plan: Plan, _ options: LineageOptions, _ notes: [Note]
  ) -> TreeReport {
    let nodes = plan.models.enumerated().map { index, model in
      ModelGraph.Node(
        id: model.id, family: lineage.families[index],
        model: .init(
          path: model.path, score: lineage.scores[index].isFinite ? lineage.scores[index] : nil,
          dtype: model.encodings.map(\.name).joined(separator: "+"), parameters: model.parameters,
          format: model.checkpoint.format.isEmpty ? nil : model.checkpoint.format,
          encodings: model.encodings.map(\.name),
          duplicateOf: lineage.duplicateOf[index]))
    }
    func share(_ child: Int, _ parent: Int) -> Double? {
      guard let merge = lineage.merges.first(where: { $0.child == child }) else { return nil }
      return merge.parents.firstIndex(of: parent).map { merge.shares[$0] }
    }
    let edges = plan.models.indices.compactMap { child -> ModelGraph.Edge? in
      guard let parent = lineage.parents[child] else { return nil }
      let isCopy = lineage.relations[child] == .duplicate
      // The metric may look at none of a copy's tensors; equal weights are at distance 0 all the same.
      return ModelGraph.Edge(
        source: parent, target: child, relation: lineage.relations[child] ?? .finetune,
        distance: isCopy ? 0 : lineage.distances[parent, child], support: lineage.support[child],
        directionSupport: lineage.directionSupport[child], rankEvidence: lineage.rankEvidence[child],
        share: share(child, parent), transforms: lineage.transforms[child] ?? [])
    }
    let extra = lineage.merges.flatMap { merge in
      zip(merge.parents, merge.shares).filter { $0.0 != lineage.parents[merge.child] }.map {
        ModelGraph.Edge(
          source: $0.0, target: merge.child, kind: .extraParent, relation: .merge,
          distance: lineage.distances[$0.0, merge.child], support: 1, directionSupport: 1, share: $0.1)
      }
    }
    return TreeReport(
      graph: ModelGraph(nodes: nodes, edges: edges + extra),
      description: RunDescription(options: options, notes: notes.map { "\($0.subject): \($0.text)" }))
  }
}
