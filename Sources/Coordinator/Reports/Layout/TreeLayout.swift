internal import Graph
internal import System

/// What the length of an edge in a picture says.
package enum EdgeLengths: String, Sendable, CaseIterable {
  /// Nothing: all models of one depth stand in one column.
  case equal
  /// The distance: an edge is longer by it than the shortest one.
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
  /// Of an edge at distance 0, and of the longest one beyond that, where lengths are distances.
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
    scale = greatest > 0 ? Self.longest / greatest : 1
  }

  /// Left edges and centre lines of the boxes, each family from (0, 0) on.
  struct Positions {
    var x: [Double]
    var y: [Double]
  }

  func positions(_ lengths: EdgeLengths) -> Positions {
    let n = labels.count
    var positions = Positions(x: Array(repeating: 0, count: n), y: Array(repeating: 0, count: n))
    var bottom: [Int: Double] = [:]
    for tree in trees {
      var end = Array(repeating: 0.0, count: n)
      place(tree, lengths, &positions.x, &end)
      let centres = TidyTree.centres(
        order: tree, children: outline.children, breadth: Self.row, end: end)
      // A family that no single root reaches is drawn as one tree below the other.
      let family = outline.graph.nodes[tree[0]].family
      let top = bottom[family].map { $0 + Self.row } ?? 0
      for node in tree { positions.y[node] = top + centres[node] }
      bottom[family] = tree.reduce(top) { max($0, positions.y[$1]) }
    }
    return positions
  }

  /// Left edges, and where the contours of the layout end.
  private func place(_ tree: [Int], _ lengths: EdgeLengths, _ x: inout [Double], _ end: inout [Double]) {
    var widest: [Double] = []
    for node in tree {
      let depth = outline.depth[node]
      if depth == widest.count { widest.append(0) }
      widest[depth] = max(widest[depth], widths[node])
    }
    var start = [0.0]
    for width in widest { start.append(start[start.count - 1] + width + Self.gap) }
    for node in tree {
      switch lengths {
      case .equal:
        x[node] = start[outline.depth[node]]
        end[node] = start[outline.depth[node] + 1] - Self.gap
      case .distance:
        if let parent = outline.parent[node], let distance = outline.edge(to: node)?.distance {
          x[node] = end[parent] + Self.shortest + distance * scale
        }
        end[node] = x[node] + widths[node]
      }
    }
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
