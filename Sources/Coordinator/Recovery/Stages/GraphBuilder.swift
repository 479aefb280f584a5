import Alignment
import Checkpoints
import Core
import Encodings
import Graph
import Lineage
import Naming
import Planning
import Reports
import Storage
import System

/// Turns solved matrices into the graph of the models that they are about.
enum GraphBuilder {
  static func graph(_ lineage: Lineage, _ plan: Plan) -> ModelGraph {
    let nodes = plan.models.enumerated().map { index, model in
      var node = node(model, family: lineage.families[index])
      node.model?.score = lineage.scores[index].isFinite ? lineage.scores[index] : nil
      node.model?.duplicateOf = lineage.duplicateOf[index]
      let layers = plan.alignment[index].layers.sorted { $0.own < $1.own }.map(\.canonical.description)
      node.model?.layers = layers.isEmpty ? nil : layers
      node.model?.compared = plan.models.indices.count { $0 != index && lineage.relatedness[$0, index].isFinite }
      return node
    }
    func share(_ child: Int, _ parent: Int) -> Double? {
      guard let merge = lineage.merges.first(where: { $0.child == child }) else { return nil }
      return merge.parents.firstIndex(of: parent).map { merge.shares[$0] }
    }
    let absent = lineage.absentParents
    let inferred = absent.enumerated().map { place, found in
      ModelGraph.Node(
        id: "inferred-\(place + 1)", family: lineage.families[found.sibling], origin: .inferred(support: found.support))
    }
    // Per model: the inferred node that is its parent.
    var inferredParent: [Int: Int] = [:]
    for (place, found) in absent.enumerated() {
      for child in (found.isBetween ? [] : [found.sibling]) + found.orphans {
        inferredParent[child] = nodes.count + place
      }
    }
    let edges = plan.models.indices.compactMap { child -> ModelGraph.Edge? in
      guard inferredParent[child] == nil, let parent = lineage.parents[child] else { return nil }
      let isCopy = lineage.relations[child] == .duplicate
      // The metric may look at none of a copy's tensors; equal weights are at distance 0 all the same.
      return ModelGraph.Edge(
        source: parent, target: child, relation: lineage.relations[child] ?? .finetune,
        distance: isCopy ? 0 : lineage.distances[parent, child], support: lineage.support[child],
        directionSupport: lineage.directionSupport[child], rankEvidence: lineage.rankEvidence[child],
        share: share(child, parent), transforms: lineage.transforms[child])
    }
    let inferredEdges = absent.enumerated().flatMap { place, found in
      ancestorEdges(lineage, found, node: nodes.count + place)
    }
    let extra = lineage.merges.flatMap { merge in
      zip(merge.parents, merge.shares).filter { $0.0 != lineage.parents[merge.child] }.map {
        ModelGraph.Edge(
          source: $0.0, target: merge.child, kind: .extraParent, relation: .merge,
          distance: lineage.distances[$0.0, merge.child], support: 1, directionSupport: 1, share: $0.1)
      }
    }
    // A model that was attached to the other's family afterwards has all of it from there.
    let components = lineage.components.filter {
      lineage.families[$0.source] != lineage.families[$0.target]
    }.map { found in
      ModelGraph.Edge(
        source: found.source, target: found.target, kind: .component(found.name), relation: .contains, distance: nil,
        support: found.support, directionSupport: found.support,
        share: min(1, Double(found.weights) / Double(max(1, plan.models[found.target].parameters))))
    }
    var graph = ModelGraph(
      nodes: nodes + inferred, edges: (edges + inferredEdges).sorted { $0.target < $1.target } + extra + components)
    graph.addRunnersUp(cost: lineage.cost)
    return graph
  }

  /// One graph of the graphs of all sections and of the models that are in none.
  ///
  /// - Parameters:
  ///   - siblings: per section and inferred node, the model that was taken for it: they are numbered in the order of
  ///     these models, as in a graph of all pairs.
  ///   - neighborhoods: what becomes of models in sections that overlap.
  static func joined(
    _ graphs: [ModelGraph], siblings: [[Int]], _ plan: Plan, neighborhoods: [JoinedNeighborhoods] = []
  ) -> ModelGraph {
    guard !plan.isWhole else { return graphs[0] }
    let order = zip(siblings, plan.sections).flatMap { own, members in own.map { members[$0] } }.sorted()
    let ranks = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    let count = plan.collectionCount
    var nodes = plan.models[..<count].map { node($0, family: 0) }
    nodes += order.map { _ in ModelGraph.Node(id: "", family: 0, origin: .inferred(support: 0)) }
    // Families by section and number there.
    var families = nodes.indices.map { [-1, $0] }
    var (trees, others): ([ModelGraph.Edge], [ModelGraph.Edge]) = ([], [])
    var narrower: Set<Int> = []
    for (number, (graph, members)) in zip(graphs, plan.sections).enumerated() {
      if plan.isOfWidths(number) {
        let section = WidthSection(graph, members, plan)
        for (model, node) in section.nodes {
          nodes[model] = node
          families[model] = [number, node.family]
        }
        for (model, compared) in section.compared {
          nodes[model].model?.compared? += compared
          // Of a model that is in no other section.
          if families[model][0] < 0, nodes[model].model?.score == nil {
            nodes[model].model?.score = section.scores[model]
          }
        }
        narrower.formUnion(section.nodes.keys)
        trees += section.edges.filter { $0.kind == .parent }
        others += section.edges.filter { $0.kind != .parent }
        continue
      }
      var places = members
      for sibling in siblings[number] {
        places.append(count + (ranks[members[sibling]] ?? 0))
      }
      let cover = neighborhoods.first { $0.sections.contains(number) }
      for (place, node) in zip(places, graph.nodes) where cover?.isAtHome(place, number) ?? true {
        nodes[place] = node
        if let first = node.model?.duplicateOf { nodes[place].model?.duplicateOf = members[first] }
        if node.isInferred { nodes[place].id = "inferred-\(place - count + 1)" }
        families[place] = [number, node.family]
      }
      for edge in graph.edges where cover?.isAtHome(places[edge.target], number) ?? true {
        var edge = edge
        edge.source = places[edge.source]
        edge.target = places[edge.target]
        edge.runnerUp = edge.runnerUp.map { places[$0] }
        if edge.kind == .parent { trees.append(edge) } else { others.append(edge) }
      }
    }
    for cover in neighborhoods { cover.join(&nodes, &families, &trees, &others) }
    return ModelGraph(
      nodes: numbered(nodes, families, narrower: narrower, trees),
      edges: trees.sorted { $0.target < $1.target } + others)
  }

  /// Nodes with the numbers of their families, in order of first appearance.
  ///
  /// - Parameters:
  ///   - families: per node, its section and the number of its family there.
  ///   - narrower: models that belong to the family that they came from.
  ///   - trees: the edges that say where they came from.
  private static func numbered(
    _ nodes: [ModelGraph.Node], _ families: [[Int]], narrower: Set<Int>, _ trees: [ModelGraph.Edge]
  ) -> [ModelGraph.Node] {
    var (nodes, families) = (nodes, families)
    let parents = Dictionary(trees.map { ($0.target, $0.source) }, uniquingKeysWith: { first, _ in first })
    for model in narrower.sorted() {
      var top = model
      while narrower.contains(top), let parent = parents[top] { top = parent }
      families[model] = families[top]
    }
    var numbers: [[Int]: Int] = [:]
    for (node, family) in families.enumerated() {
      let number = numbers[family] ?? numbers.count
      numbers[family] = number
      nodes[node].family = number
    }
    return nodes
  }

  /// A model of which nothing was compared.
  private static func node(_ model: ModelRecord, family: Int) -> ModelGraph.Node {
    ModelGraph.Node(
      id: model.id, family: family,
      model: .init(
        path: model.path, score: nil, dtype: model.encodingTitles.joined(separator: "+"),
        parameters: model.parameters, format: model.checkpoint.format.isEmpty ? nil : model.checkpoint.format,
        encodings: model.encodingTitles,
        alignment: model.width.map { AlignmentFacts($0, restored: model.restored?.restoration) }
          ?? model.restored.map { AlignmentFacts($0.restoration) },
        compared: 0))
  }

  /// The edges from an inferred ancestor to its children, and the one to it from the parent of the model that was
  /// taken for it.
  private static func ancestorEdges(
    _ lineage: Lineage, _ found: AbsentParent, node: Int
  ) -> [ModelGraph.Edge] {
    // Squared distances add up, and nothing tells how the way is divided.
    let half = 0.5.squareRoot()
    var edges = found.orphans.map { child in
      ModelGraph.Edge(
        source: node, target: child, relation: .finetune, distance: half * lineage.distances[found.sibling, child],
        support: found.support, directionSupport: 1)
    }
    let nearest = edges.compactMap(\.distance).min() ?? 0
    // It may be a sibling as well: ranks do not tell.
    guard !found.isBetween else {
      edges.append(
        ModelGraph.Edge(
          source: found.sibling, target: node, relation: .finetune, distance: nearest, support: 0.5,
          directionSupport: 0.5))
      return edges
    }
    edges.append(
      ModelGraph.Edge(
        source: node, target: found.sibling, relation: .finetune, distance: nearest, support: found.support,
        directionSupport: 1))
    guard let parent = lineage.parents[found.sibling] else { return edges }
    edges.append(
      ModelGraph.Edge(
        source: parent, target: node, relation: .finetune, distance: lineage.distances[parent, found.sibling],
        support: lineage.support[found.sibling], directionSupport: lineage.directionSupport[found.sibling]))
    return edges
  }
}

extension AlignmentFacts {
  fileprivate init(_ found: WidthCorrespondence, restored: Restoration?) {
    self.init(
      reference: found.reference,
      transform: (restored?.transforms ?? []).compactMap(Transform.init(rawValue:)) + [.width],
      likeness: found.likeness, agreements: found.agreements, units: found.matched, probability: found.probability,
      kept: found.kept)
  }

  fileprivate init(_ found: Restoration) {
    self.init(
      reference: found.reference, transform: found.transforms.compactMap(Transform.init(rawValue:)),
      likeness: found.likeness, agreements: found.agreements, units: found.units, probability: found.probability)
  }
}
