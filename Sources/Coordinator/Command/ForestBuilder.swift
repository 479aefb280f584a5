import Checkpoints
import Core
import Lineage
import Planning
import System

/// Puts names to what was solved.
enum ForestBuilder {
  static func forest(
    _ lineage: Lineage, _ plan: Plan, _ options: LineageOptions, _ notes: [Note]
  ) -> Forest {
    let ids = plan.models.map(\.id)
    let nodes = plan.models.enumerated().map { index, model in
      Forest.Node(
        id: model.id, path: model.path, family: lineage.families[index],
        root: lineage.parents[index] == nil,
        score: lineage.scores[index].isFinite ? lineage.scores[index] : nil,
        dtype: model.types.map(\.rawValue).joined(separator: "+"), parameters: model.parameters,
        duplicateOf: lineage.duplicateOf[index].map { ids[$0] })
    }
    func share(_ child: Int, _ parent: Int) -> Double? {
      guard let merge = lineage.merges.first(where: { $0.child == child }) else { return nil }
      return merge.parents.firstIndex(of: parent).map { merge.shares[$0] }
    }
    let links = plan.models.indices.compactMap { child -> Forest.Link? in
      guard let parent = lineage.parents[child] else { return nil }
      let isCopy = lineage.relations[child] == .duplicate
      // The metric may look at none of a copy's tensors; equal weights are at distance 0 all the same.
      return Forest.Link(
        source: ids[parent], target: ids[child],
        distance: isCopy ? 0 : lineage.distances[parent, child], support: lineage.support[child],
        directionSupport: lineage.directionSupport[child],
        relation: lineage.relations[child] ?? .finetune, rankEvidence: lineage.rankEvidence[child],
        share: share(child, parent))
    }
    let extra = lineage.merges.flatMap { merge in
      zip(merge.parents, merge.shares).filter { $0.0 != lineage.parents[merge.child] }.map {
        Forest.Link(
          source: ids[$0.0], target: ids[merge.child],
          distance: lineage.distances[$0.0, merge.child], support: 1, directionSupport: 1,
          relation: .merge, share: $0.1, isExtra: true)
      }
    }
    var graph = [
      "software": "modeltree \(Version.software)", "distance": options.metric.rawValue,
      "distance_definition": options.metric.definition, "stage": options.stage.rawValue,
      "lambda": "\(options.lambda)", "families": options.families.map(String.init) ?? "auto",
      "replicates": "\(options.replicates)", "seed": "\(options.seed)",
    ]
    if options.metric.isPublished {
      graph["distance_layers"] = options.distanceLayers ?? "square"
      graph["score_layers"] = options.scoreLayers ?? "square"
    }
    for (index, note) in notes.enumerated() { graph["note_\(index + 1)"] = "\(note.subject): \(note.text)" }
    return Forest(graph: graph, nodes: nodes, links: links, extraLinks: extra)
  }
}
