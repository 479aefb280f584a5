internal import Core
internal import Lineage

/// Graphviz, one cluster per family.
enum GraphvizDot {
  static func render(_ forest: Forest) -> String {
    var lines = [
      "digraph modeltree {", "  rankdir=LR;",
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];",
      "  edge [fontname=\"sans-serif\", fontsize=10];",
    ]
    for (family, nodes) in Dictionary(grouping: forest.nodes, by: \.family).sorted(by: { $0.key < $1.key }) {
      lines.append("  subgraph cluster_\(family) {")
      lines.append("    label=\"family \(family + 1)\";")
      for node in nodes {
        lines.append("    \(quoted(node.id))\(node.root ? " [penwidth=2]" : "");")
      }
      lines.append("  }")
    }
    for link in forest.links + forest.extraLinks {
      var style = link.relation == .duplicate || link.isExtra ? ", style=dashed" : ""
      if link.isUndecided { style += ", color=gray, tooltip=\"undecided\"" }
      lines.append(
        "  \(quoted(link.source)) -> \(quoted(link.target)) [label=\"\(TextTree.short(link.distance))\"\(style)];")
    }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  private static func quoted(_ id: String) -> String {
    var text = "\""
    for scalar in id.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
