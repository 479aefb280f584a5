import Alignment
import Checkpoints
import Graph
import Naming
import Planning

/// The part of a graph that narrower models have in it: what was solved of them and of views of wider models, with the
/// models themselves in the place of their views.
///
/// Where the wider models come from is found out by all that they have, so that nothing is said of it here.
struct WidthSection {
  /// Of the narrower models, by number.
  private(set) var nodes: [Int: ModelGraph.Node] = [:]
  /// Edges to them.
  private(set) var edges: [ModelGraph.Edge] = []
  /// Per model with a view: the narrower models that it was compared with.
  private(set) var compared: [Int: Int] = [:]
  /// Per model with a view: the directional score of what was kept of it.
  private(set) var scores: [Int: Double] = [:]

  /// What is said of the order where a model equals a part of another one: this may have been widened from it.
  private static let likelyOrder = 0.9

  init(_ graph: ModelGraph, _ members: [Int], _ plan: Plan) {
    func isView(_ place: Int) -> Bool { plan.models[members[place]].viewed != nil }
    /// Per narrower model: the first view that holds the same weights.
    var copies: [Int: Int] = [:]
    for (place, node) in graph.nodes.enumerated() {
      if isView(place) {
        if let first = node.model?.duplicateOf, !isView(first), copies[first] == nil { copies[first] = place }
      } else {
        var node = node
        let first = node.model?.duplicateOf
        node.model?.duplicateOf = first.map { members[$0] }
        nodes[members[place]] = node
      }
    }
    for place in members.indices where isView(place) {
      let owner = plan.owner(members[place])
      compared[owner, default: 0] += nodes.count
      scores[owner] = graph.nodes[place].model?.score
    }
    for edge in graph.edges where !isView(edge.target) {
      // Nothing is said of parts, which whole models of a section have in common as well.
      if case .component = edge.kind { continue }
      if edge.kind == .parent, copies[edge.target] != nil { continue }
      edges.append(moved(edge, graph, members, plan, isFromView: isView(edge.source)))
    }
    for edge in graph.edges where edge.kind == .parent && copies[edge.source] == edge.target {
      var own = edge
      (own.source, own.target) = (edge.target, edge.source)
      own.directionSupport = Self.likelyOrder
      edges.append(moved(own, graph, members, plan, isFromView: true))
    }
  }

  private func moved(
    _ edge: ModelGraph.Edge, _ graph: ModelGraph, _ members: [Int], _ plan: Plan, isFromView: Bool
  ) -> ModelGraph.Edge {
    var edge = edge
    edge.source = plan.owner(members[edge.source])
    edge.target = members[edge.target]
    edge.runnerUp = edge.runnerUp.map { plan.owner(members[$0]) }
    if isFromView, edge.kind == .parent, edge.relation.kind != .adapter {
      edge.relation = Relation(.pruned)
      edge.rankEvidence = nil
      func layers(_ model: Int) -> Int { Set(plan.alignment[model].tensors.compactMap(\.layer)).count }
      if layers(edge.target) < layers(edge.source) {
        // Names differ by the numbers of layers alone.
        edge.transforms = edge.transforms.filter { $0 != .renamed } + [.layers]
      }
    }
    return edge
  }
}
