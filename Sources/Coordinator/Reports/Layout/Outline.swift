internal import Graph

/// The trees of a graph in a form that is easy to traverse. Nothing here recurses, so chains may be of any length.
struct Outline {
  let graph: ModelGraph
  /// Per node; nil for roots.
  let parent: [Int?]
  /// By distance, then in node order.
  let children: [[Int]]
  /// Per node the edge from its parent, as a place in `graph.edges`; nil for roots.
  let link: [Int?]
  /// All nodes, parents before children: roots by family, then in node order.
  let order: [Int]
  /// Edges from the root.
  let depth: [Int]
  /// Nodes below and including each.
  let size: [Int]

  init(_ graph: ModelGraph) {
    self.graph = graph
    let n = graph.nodes.count
    var parent: [Int?] = Array(repeating: nil, count: n)
    var link = parent
    var children = Array(repeating: [Int](), count: n)
    for (place, edge) in graph.edges.enumerated() where edge.kind == .parent {
      parent[edge.target] = edge.source
      link[edge.target] = place
      children[edge.source].append(edge.target)
    }
    func distance(_ node: Int) -> Double { link[node].flatMap { graph.edges[$0].distance } ?? 0 }
    for node in 0..<n { children[node].sort { (distance($0), $0) < (distance($1), $1) } }
    let roots = (0..<n).filter { parent[$0] == nil }.sorted {
      (graph.nodes[$0].family, $0) < (graph.nodes[$1].family, $1)
    }
    var order: [Int] = []
    var depth = Array(repeating: 0, count: n)
    var open = Array(roots.reversed())
    while let node = open.popLast() {
      order.append(node)
      for child in children[node].reversed() {
        depth[child] = depth[node] + 1
        open.append(child)
      }
    }
    var size = Array(repeating: 1, count: n)
    for node in order.reversed() {
      if let above = parent[node] { size[above] += size[node] }
    }
    self.parent = parent
    self.children = children
    self.link = link
    self.order = order
    self.depth = depth
    self.size = size
  }

  /// The edge from the parent; nil for roots.
  func edge(to node: Int) -> ModelGraph.Edge? { link[node].map { graph.edges[$0] } }

  /// The node, its parent, and so on up to the root.
  func ancestry(of node: Int) -> [Int] {
    var way = [node]
    while let above = parent[way[way.count - 1]], way.count <= parent.count { way.append(above) }
    return way
  }
}
