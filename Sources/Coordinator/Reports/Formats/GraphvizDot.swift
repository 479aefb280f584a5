internal import Graph
internal import System

/// Graphviz, one cluster per family. Inferred ancestors are dashed, components are dotted.
enum GraphvizDot {
  static func render(_ graph: ModelGraph) -> String {
    var lines = [
      "digraph modeltree {", "  rankdir=LR;",
      "  node [shape=box, style=rounded, fontname=\"sans-serif\"];",
      "  edge [fontname=\"sans-serif\", fontsize=10];",
    ]
    let parents = graph.parents
    let ids = graph.nodes.map { quoted($0.id) }
    let families = Dictionary(grouping: graph.nodes.indices) { graph.nodes[$0].family }
    for (family, members) in families.sorted(by: { $0.key < $1.key }) {
      lines.append("  subgraph cluster_\(family) {")
      lines.append("    label=\"family \(family)\";")
      for node in members {
        var style = graph.nodes[node].isInferred ? ["style=\"rounded,dashed\""] : []
        if parents[node] == nil { style.append("penwidth=2") }
        lines.append("    \(ids[node])\(style.isEmpty ? "" : " [\(style.joined(separator: ", "))]");")
      }
      lines.append("  }")
    }
    for edge in graph.edges {
      lines.append("  \(ids[edge.source]) -> \(ids[edge.target]) [\(attributes(of: edge))];")
    }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  private static func attributes(of edge: ModelGraph.Edge) -> String {
    if let component = edge.component {
      let share = edge.share.map { ", \(AnswerText.percent($0))" } ?? ""
      return "label=\(quoted("contains \(component)\(share)")), style=dotted, constraint=false"
    }
    var style = edge.relation == .duplicate || edge.kind == .extraParent ? ", style=dashed" : ""
    if edge.grade != .firm {
      style += ", color=\(edge.isUndecided ? "orange3" : "gray50"), tooltip=\"\(edge.grade.rawValue)\""
    }
    let mark = edge.isUndecided ? " ?" : ""
    return "label=\"\(AnswerText.distance(edge))\(mark)\"\(style)"
  }

  private static func quoted(_ id: String) -> String {
    let scalars = Array(id.unicodeScalars)
    var text = "\""
    for (place, scalar) in scalars.enumerated() {
      switch scalar {
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case _ where scalar.isHazard || IDText.isEscape(scalars, place): text += "\\" + IDText.code(scalar)
      case "\\": text += "\\\\"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
