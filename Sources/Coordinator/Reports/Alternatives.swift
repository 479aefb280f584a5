package import Core
package import Graph

/// For each model of a forest the parent that would be the next best: the cheapest one beside its own,
/// among the models that do not descend from it.
struct Alternatives {
  struct Parent: Equatable {
    let node: Int
    let cost: Double
  }

  /// Per node; nil where nothing else could be its parent.
  let nextBest: [Parent?]

  /// - Parameter cost: NaN: no such edge.
  init(_ outline: Outline, cost: BlockMatrix) {
    let n = outline.parent.count
    // Places in the order of the tree: the descendants of a node are the `size` places from its own.
    var place = Array(repeating: 0, count: n)
    for (position, node) in outline.order.enumerated() { place[node] = position }
    var best: [Parent?] = Array(repeating: nil, count: n)
    cost.forEach { source, target, value in
      let isBelow = place[source] >= place[target] && place[source] < place[target] + outline.size[target]
      guard value.isFinite, !isBelow, outline.parent[target] != source else { return }
      if best[target].map({ value < $0.cost }) ?? true { best[target] = Parent(node: source, cost: value) }
    }
    nextBest = best
  }
}

extension ModelGraph {
  /// Names the next best parent of every model whose parent is not firm: it is within noise.
  ///
  /// - Parameter cost: of the observed models, as the search saw it; NaN: no such edge.
  package mutating func addRunnersUp(cost: SquareMatrix) {
    let whole = BlockMatrix(nodes.count, blocks: [.init(members: Array(0..<cost.n), matrix: cost)])
    let nextBest = Alternatives(Outline(self), cost: whole).nextBest
    for place in edges.indices where edges[place].kind == .parent && edges[place].relation.kind != .merge {
      let isFirm = Grade(support: edges[place].support) == .firm
      edges[place].runnerUp = isFirm ? nil : nextBest[edges[place].target]?.node
    }
  }
}
