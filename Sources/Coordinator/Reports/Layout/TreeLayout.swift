internal import Graph
internal import System

/// What the length of an edge in a picture means.
package enum EdgeLengths: String, Sendable, CaseIterable {
  /// Nothing: all models of one depth are in one column.
  case equal
  /// The distance: every edge is the shortest length plus a multiple of its distance.
  case distance
}

/// Where the models of a graph are put in a picture: boxes with their names, roots at the left, one
/// tidy tree per family. The picture of `tree --format svg` and the page both come from here.
struct TreeLayout {
  /// Sizes in pixels at a zoom of 1.
  static let box = 24.0
  static let row = 30.0
  static let character = 7.25
  private static let padding = 20.0
  static let gap = 84.0
  /// Length of an edge at distance 0, and what the greatest distance adds, where lengths are distances.
  static let shortest = 44.0
  private static let longest = 200.0
  private static let labelColumns = 30

  let outline: Outline
  /// Names as they are shown.
  let labels: [String]
  let widths: [Double]
  /// Pixels per unit of distance.
  let scale: Double

  init(_ outline: Outline) {
    self.outline = outline
    labels = outline.graph.nodes.map { TextColumns.shortened($0.id.printable, to: Self.labelColumns) }
    widths = labels.map { Double(TextColumns.count($0)) * Self.character + Self.padding }
    let greatest = outline.graph.treeEdges.compactMap(\.distance).max() ?? 0
    // For smaller distances the quotient would overflow.
    scale = greatest > 1e-300 ? Self.longest / greatest : 1
  }

  /// Left edges and center lines of the boxes; each family starts at (0, 0).
  struct Positions {
    var x: [Double]
    var y: [Double]
  }

  func positions(_ lengths: EdgeLengths) -> Positions {
    let n = labels.count
    var positions = Positions(x: Array(repeating: 0, count: n), y: Array(repeating: 0, count: n))
    var bottom: [Int: Double] = [:]
    // Per node its place in its tree, so that the work per tree is proportional to its size.
    var place = Array(repeating: 0, count: n)
    for tree in trees {
      for (position, node) in tree.enumerated() { place[node] = position }
      let end = ends(tree, lengths, place, &positions.x)
      let centres = TidyTree.centres(
        order: Array(tree.indices), children: tree.map { outline.children[$0].map { place[$0] } }, breadth: Self.row,
        end: end)
      // A family with several roots is drawn as several trees, one below the other.
      let family = outline.graph.nodes[tree[0]].family
      let top = bottom[family].map { $0 + Self.row } ?? 0
      for (node, centre) in zip(tree, centres) { positions.y[node] = top + centre }
      bottom[family] = tree.reduce(top) { max($0, positions.y[$1]) }
    }
    return positions
  }

  /// Sets the left edges of a tree.
  ///
  /// - Returns: where the contours of the layout end, in the order of the tree.
  private func ends(_ tree: [Int], _ lengths: EdgeLengths, _ place: [Int], _ x: inout [Double]) -> [Double] {
    var widest: [Double] = []
    for node in tree {
      let depth = outline.depth[node]
      if depth == widest.count { widest.append(0) }
      widest[depth] = max(widest[depth], widths[node])
    }
    var start = [0.0]
    for width in widest { start.append(start[start.count - 1] + width + Self.gap) }
    var end = Array(repeating: 0.0, count: tree.count)
    for (position, node) in tree.enumerated() {
      switch lengths {
      case .equal:
        x[node] = start[outline.depth[node]]
        end[position] = start[outline.depth[node] + 1] - Self.gap
      case .distance:
        if let parent = outline.parent[node], let distance = outline.edge(to: node)?.distance {
          x[node] = end[place[parent]] + Self.shortest + distance * scale
        }
        end[position] = x[node] + widths[node]
      }
    }
    return end
  }

  /// The nodes of each tree, parents before children.
  private var trees: [[Int]] {
    var trees: [[Int]] = []
    for node in outline.order {
      if outline.parent[node] == nil { trees.append([]) }
      trees[trees.count - 1].append(node)
    }
    return trees
  }
}
