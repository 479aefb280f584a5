internal import Lineage

/// A forest by numbers: what layouts and questions walk along. Nothing in it recurses, so that a
/// chain of any length is no trouble.
struct Outline {
  let forest: Forest
  let number: [String: Int]
  /// Per node; nil for roots.
  let parent: [Int?]
  /// By distance, then in node order.
  let children: [[Int]]
  /// Per node the edge from its parent, as a place in `forest.links`; nil for roots.
  let link: [Int?]
  /// All nodes, parents before children: roots by family, then in node order.
  let order: [Int]
  /// Edges from the root.
  let depth: [Int]
  /// Nodes below and including each.
  let size: [Int]

  init(_ forest: Forest) {
    self.forest = forest
    let n = forest.nodes.count
    let number = Dictionary(
      forest.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var parent: [Int?] = Array(repeating: nil, count: n)
    var link = parent
    var children = Array(repeating: [Int](), count: n)
    for (place, edge) in forest.links.enumerated() {
      guard let source = number[edge.source], let target = number[edge.target] else { continue }
      parent[target] = source
      link[target] = place
      children[source].append(target)
    }
    func distance(_ node: Int) -> Double { link[node].map { forest.links[$0].distance } ?? 0 }
    for node in 0..<n { children[node].sort { (distance($0), $0) < (distance($1), $1) } }
    let roots = (0..<n).filter { parent[$0] == nil }.sorted {
      (forest.nodes[$0].family, $0) < (forest.nodes[$1].family, $1)
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
    self.number = number
    self.parent = parent
    self.children = children
    self.link = link
    self.order = order
    self.depth = depth
    self.size = size
  }

  /// The edge from the parent; nil for roots.
  func edge(to node: Int) -> Forest.Link? { link[node].map { forest.links[$0] } }

  /// The node, its parent, and so on up to the root.
  func ancestry(of node: Int) -> [Int] {
    var way = [node]
    while let above = parent[way[way.count - 1]], way.count <= parent.count { way.append(above) }
    return way
  }
}
