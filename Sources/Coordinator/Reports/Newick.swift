internal import Lineage

/// Newick: one tree per line, models at inner nodes too, branch lengths are distances. Annotated, it
/// is NHX: support, its direction's, relation and rank in a comment behind each branch.
enum Newick {
  static func render(_ forest: Forest, annotated: Bool = false) -> String {
    let outline = Outline(forest)
    var text = ""
    // The nodes that are open, each with the number of its children that are written.
    var open: [(node: Int, written: Int)] = []
    for root in outline.order where outline.parent[root] == nil {
      open.append((root, 0))
      while let (node, written) = open.last {
        let children = outline.children[node]
        if written < children.count {
          text += written == 0 ? "(" : ","
          open[open.count - 1].written += 1
          open.append((children[written], 0))
        } else {
          if !children.isEmpty { text += ")" }
          text += label(node, outline, annotated)
          open.removeLast()
        }
      }
      text += ";\n"
    }
    return text
  }

  private static func label(_ node: Int, _ outline: Outline, _ annotated: Bool) -> String {
    let id = quoted(outline.forest.nodes[node].id)
    guard let link = outline.edge(to: node) else { return id }
    return "\(id):\(link.distance)" + (annotated ? annotation(link) : "")
  }

  /// Numbers and fixed words alone: nothing in it needs quoting.
  private static func annotation(_ link: Forest.Link) -> String {
    var fields = [
      "B=\(link.support * 100)", "support=\(link.support)", "direction_support=\(link.directionSupport)",
      "relation=\(link.relation.name)",
    ]
    if let rank = link.relation.rank { fields.append("rank=\(rank)") }
    if link.isUndecided { fields.append("undecided=true") }
    return "[&&NHX:" + fields.joined(separator: ":") + "]"
  }

  /// Quoted always: every character may stand in a quoted label, a quote is doubled, and a line
  /// break, which ends a label for many readers, is a space.
  private static func quoted(_ id: String) -> String {
    var text = "'"
    for scalar in id.unicodeScalars {
      switch scalar {
      case "'": text += "''"
      case "\n", "\r": text += " "
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "'"
  }
}
