internal import Graph

/// A Mermaid flowchart, for Markdown pages. Nodes are numbered, ids are labels.
enum Mermaid {
  static func render(_ graph: ModelGraph) -> String {
    var lines = ["flowchart LR"]
    let families = Dictionary(grouping: graph.nodes.indices) { graph.nodes[$0].family }
    for (family, members) in families.sorted(by: { $0.key < $1.key }) {
      lines.append("  subgraph f\(family)[\"family \(family)\"]")
      for node in members {
        let style = graph.nodes[node].isInferred ? ":::inferred" : ""
        lines.append("    n\(node)[\"\(escaped(graph.nodes[node].id))\"]\(style)")
      }
      lines.append("  end")
    }
    for edge in graph.edges { lines.append("  n\(edge.source) \(arrow(edge))| n\(edge.target)") }
    if graph.nodes.contains(where: \.isInferred) { lines.append("  classDef inferred stroke-dasharray: 5 4") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func arrow(_ edge: ModelGraph.Edge) -> String {
    if let component = edge.component { return "-.->|\"contains \(escaped(component))\"" }
    let isDashed = edge.relation == .duplicate || edge.kind == .extraParent || edge.isUndecided
    return "\(isDashed ? "-.->" : "-->")|\(AnswerText.distance(edge))"
  }

  /// Mermaid's own entity codes, for everything that its grammar or HTML could take for markup.
  private static func escaped(_ id: String) -> String {
    var text = ""
    for scalar in IDText.escaped(id).unicodeScalars {
      switch scalar {
      case "\"", "#", "&", "<", ">", ";", "`", "\\": text += "#\(scalar.value);"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
