internal import Lineage

/// A Mermaid flowchart, for Markdown pages. Nodes are numbered, ids are labels.
enum Mermaid {
  static func render(_ forest: Forest) -> String {
    let number = Dictionary(
      forest.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var lines = ["flowchart LR"]
    for (family, nodes) in Dictionary(grouping: forest.nodes, by: \.family).sorted(by: { $0.key < $1.key }) {
      lines.append("  subgraph f\(family)[\"family \(family + 1)\"]")
      for node in nodes {
        lines.append("    n\(number[node.id] ?? 0)[\"\(escaped(node.id))\"]")
      }
      lines.append("  end")
    }
    for link in forest.links + forest.extraLinks {
      let arrow = link.relation == .duplicate || link.isExtra || link.isUndecided ? "-.->" : "-->"
      lines.append(
        "  n\(number[link.source] ?? 0) \(arrow)|\(TextTree.short(link.distance))| n\(number[link.target] ?? 0)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Mermaid's own entity codes, for everything that its grammar or HTML could take for markup.
  private static func escaped(_ id: String) -> String {
    var text = ""
    for scalar in id.unicodeScalars {
      switch scalar {
      case "\"", "#", "&", "<", ">", ";", "`", "\\": text += "#\(scalar.value);"
      case _ where scalar.value < 0x20: text += " "
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
