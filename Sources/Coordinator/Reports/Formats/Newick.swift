internal import Graph

/// Newick: one tree per line, with models at inner nodes too and distances as branch lengths. The annotated form is
/// NHX: support, direction support, relation and rank in a comment after each branch. Edges beside the trees are left
/// out.
enum Newick {
  static func render(_ graph: ModelGraph, annotated: Bool = false) -> String {
    let outline = Outline(graph)
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
    let model = outline.graph.nodes[node]
    let edge = outline.edge(to: node)
    let length = edge?.distance.map { ":\($0)" } ?? ""
    return quoted(model.id) + length + (annotated ? annotation(model, edge) : "")
  }

  /// Numbers and fixed words alone: nothing in it needs quoting.
  private static func annotation(_ model: ModelGraph.Node, _ edge: ModelGraph.Edge?) -> String {
    var fields: [String] = []
    if let edge {
      fields += [
        "B=\(edge.support * 100)", "support=\(edge.support)", "direction_support=\(edge.directionSupport)",
        "relation=\(edge.relation.name)",
      ]
      if let rank = edge.relation.rank { fields.append("rank=\(rank)") }
      if edge.grade != .firm { fields.append("grade=\(edge.grade.rawValue)") }
      if edge.isUndecided { fields.append("undecided=true") }
    }
    if let support = model.support { fields += ["inferred=true", "inferred_support=\(support)"] }
    return fields.isEmpty ? "" : "[&&NHX:" + fields.joined(separator: ":") + "]"
  }

  /// Quoted always: a quoted label may hold every character but controls and line breaks, which end a label for many
  /// readers; a quote is doubled.
  private static func quoted(_ id: String) -> String {
    var text = "'"
    for scalar in IDText.escaped(id).unicodeScalars {
      if scalar == "'" { text += "'" }
      text.unicodeScalars.append(scalar)
    }
    return text + "'"
  }
}
