package import Core

/// Finds the tree of every family.
package struct ForestSearch<Method: LineageMethod>: Sendable {
  private let method: Method

  package init(_ method: Method) { self.method = method }

  package func run(
    _ families: FamilyGroups, _ pairs: PairFindings<Method.Pairs>, _ events: Events
  ) -> FamilyTrees {
    let n = families.numbers.count
    var cost = SquareMatrix(n, filledWith: .nan)
    for i in 0..<n { cost[i, i] = 0 }
    // Copies that take no part in the search hang below the first of them.
    var parents = families.copyOf
    var trees: [FamilyTree] = []
    for (number, family) in families.families.enumerated() {
      let graph = method.graph(ofFamily: number, families, pairs, events)
      for (a, i) in family.members.enumerated() {
        // Nobody but its own copies is a copy's child: its original stands for it.
        for (b, j) in family.members.enumerated()
        where i == j || families.copyOf[i] == nil || families.copyOf[j] == i {
          cost[i, j] = graph.cost[a, b]
        }
      }
      let tree = FamilyTree(graph, parents: graph.search.parents(cost.submatrix(graph.nodes)))
      for (a, parent) in tree.parents.enumerated() { parents[tree.nodes[a]] = parent.map { tree.nodes[$0] } }
      trees.append(tree)
    }
    return FamilyTrees(trees: trees, parents: parents, cost: cost)
  }
}

/// One family as the search sees it.
package struct FamilyGraph: Sendable {
  /// Models that take part in the search, ascending.
  package let nodes: [Int]
  /// Of edges between all members of the family, those that take no part included: m x m.
  package let cost: SquareMatrix
  /// What `cost` was computed with.
  package let pricing: Cost
  package let search: TreeSearch

  package init(nodes: [Int], cost: SquareMatrix, pricing: Cost, search: TreeSearch) {
    self.nodes = nodes
    self.cost = cost
    self.pricing = pricing
    self.search = search
  }
}

/// The tree of one family.
package struct FamilyTree: Sendable {
  /// Models, ascending.
  package let nodes: [Int]
  /// The place of each node's parent among the nodes; nil for roots.
  package let parents: [Int?]
  package let pricing: Cost
  package let search: TreeSearch

  package init(_ graph: FamilyGraph, parents: [Int?]) {
    nodes = graph.nodes
    self.parents = parents
    pricing = graph.pricing
    search = graph.search
  }
}

/// The trees of all families.
package struct FamilyTrees: Sendable {
  /// By family number.
  package let trees: [FamilyTree]
  /// Parent per model; nil for roots.
  package let parents: [Int?]
  /// n x n; NaN between families.
  package let cost: SquareMatrix

  package init(trees: [FamilyTree], parents: [Int?], cost: SquareMatrix) {
    self.trees = trees
    self.parents = parents
    self.cost = cost
  }
}
