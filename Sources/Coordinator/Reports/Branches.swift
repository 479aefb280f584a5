internal import Lineage

/// A forest as nested branches: what every indented or bracketed form walks along.
struct Branches {
  struct Branch {
    let node: Forest.Node
    /// The edge from the parent; nil for roots.
    let link: Forest.Link?
    let children: [Branch]
  }

  /// Roots by family, then in node order. Children by distance, then in node order.
  let roots: [Branch]

  init(_ forest: Forest) {
    let nodes = Dictionary(forest.nodes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let order = Dictionary(
      forest.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    let below = Dictionary(grouping: forest.links, by: \.source)
    func branch(_ node: Forest.Node, _ link: Forest.Link?) -> Branch {
      let links = (below[node.id] ?? []).sorted {
        ($0.distance, order[$0.target] ?? 0) < ($1.distance, order[$1.target] ?? 0)
      }
      return Branch(
        node: node, link: link,
        children: links.compactMap { link in nodes[link.target].map { branch($0, link) } })
    }
    let targets = Set(forest.links.map(\.target))
    roots = forest.nodes.filter { !targets.contains($0.id) }.enumerated().sorted {
      ($0.element.family, $0.offset) < ($1.element.family, $1.offset)
    }.map { branch($0.element, nil) }
  }
}
