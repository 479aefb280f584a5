import Graph
import Lineage
import Reports
import TestSeed

/// A report around a graph, as a run with the default options leaves it.
func report(_ graph: ModelGraph, notes: [String] = []) -> TreeReport {
  TreeReport(graph: graph, description: RunDescription(options: LineageOptions(), notes: notes))
}

/// A model of the collection about which nothing special is known.
func observed(_ id: String, family: Int = 0) -> ModelGraph.Node {
  ModelGraph.Node(id: id, family: family, model: .init(path: "/models/\(id)", score: nil, dtype: "F32", parameters: 1))
}

/// An edge of a tree at distance 1 with full support.
func edge(_ source: Int, _ target: Int, _ relation: Relation = .finetune) -> ModelGraph.Edge {
  ModelGraph.Edge(source: source, target: target, relation: relation, distance: 1, support: 1, directionSupport: 1)
}

/// A graph that grew at random: every new model below a random earlier one of its family.
func grownGraph(models: Int, families: Int, seed: UInt64) -> ModelGraph {
  var random = Seeded(seed)
  var nodes: [ModelGraph.Node] = []
  var edges: [ModelGraph.Edge] = []
  var members = Array(repeating: [Int](), count: families)
  let relations: [Relation] = [.finetune, .finetune, .lora(rank: 8), .quantized]
  for index in 0..<models {
    // The last few stand alone.
    let isLone = index >= models - 5
    let family =
      isLone
      ? families + models - index
      : index < families
        ? index
        : min(
          Int.random(in: 0..<families, using: &random), Int.random(in: 0..<families, using: &random))
    let id = "model-\(index)"
    let parent = isLone ? nil : members[family].randomElement(using: &random)
    if !isLone { members[family].append(index) }
    nodes.append(
      ModelGraph.Node(
        id: id, family: family,
        model: .init(
          path: "/models/\(id)", score: Double(index % 17), dtype: index % 3 == 0 ? "BF16" : "F32",
          parameters: 1000 + index)))
    guard let parent else { continue }
    edges.append(
      ModelGraph.Edge(
        source: parent, target: index, relation: relations[index % relations.count],
        distance: Double.random(in: 0.01...2, using: &random),
        support: [1, 1, 0.995, 0.87, 0.4].randomElement(using: &random) ?? 1, directionSupport: 0.9))
  }
  return ModelGraph(nodes: nodes, edges: edges)
}

/// A chain, a star, a comb, or models that are all alone.
func largeGraph(_ shape: String, models count: Int) -> ModelGraph {
  let nodes = (0..<count).map { observed("\($0)", family: shape == "lone" ? $0 : 0) }
  guard shape != "lone" else { return ModelGraph(nodes: nodes, edges: []) }
  let edges = (1..<count).map { child in
    let parent =
      switch shape {
      case "chain": child - 1
      case "star": 0
      default: child % 2 == 1 ? max(0, child - 2) : child - 1
      }
    return edge(parent, child)
  }
  return ModelGraph(nodes: nodes, edges: edges)
}

/// What later stages will find: an inferred root and an inferred inner node, a merge with a further parent, and a
/// model that took its vision tower from a stranger.
func graphWithInferredNodes() -> ModelGraph {
  let ids = ["left", "right", "merged", "tuned", "vision", "captioner"]
  var nodes = ids.enumerated().map { observed($1, family: $0 < 4 ? 0 : 1) }
  nodes[5].family = 0
  nodes[4].model?.format = "gguf"
  nodes[4].model?.encodings = ["Q4_K", "F32"]
  nodes += [
    ModelGraph.Node(id: "inferred-1", family: 0, origin: .inferred(support: 0.9)),
    ModelGraph.Node(id: "inferred-2", family: 0, origin: .inferred(support: 0.75)),
  ]
  let edges = [
    edge(6, 0), edge(6, 7), edge(7, 1),
    ModelGraph.Edge(
      source: 0, target: 2, relation: .merge, distance: 0.5, support: 1, directionSupport: 1, share: 0.75),
    ModelGraph.Edge(
      source: 7, target: 3, relation: Relation(.pruned), distance: 2, support: 0.8, directionSupport: 1,
      transforms: [.ropeLayout, .layers]),
    edge(1, 5, .lora(rank: 4)),
    ModelGraph.Edge(
      source: 1, target: 2, kind: .extraParent, relation: .merge, distance: 0.75, support: 1, directionSupport: 1,
      share: 0.25),
    ModelGraph.Edge(
      source: 4, target: 5, kind: .component("vision tower"), relation: .contains, distance: nil, support: 0.95,
      directionSupport: 1, share: 0.3),
  ]
  return ModelGraph(nodes: nodes, edges: edges)
}
