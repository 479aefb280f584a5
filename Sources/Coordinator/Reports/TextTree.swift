internal import Core
internal import Lineage

/// The forest for a terminal: one line per model, distances to the parent at the right of it.
enum TextTree {
  static func render(_ forest: Forest) -> String {
    var lines: [String] = []
    let families = Dictionary(grouping: Branches(forest).roots) { $0.node.family }
    for (family, roots) in families.sorted(by: { $0.key < $1.key }) {
      if !lines.isEmpty { lines.append("") }
      let size = forest.nodes.count { $0.family == family }
      lines.append("family \(family + 1): \(size) \(size == 1 ? "model" : "models")")
      for root in roots {
        lines.append(root.node.id.printable + (size == 1 ? "  (related to no other model)" : "  (root)"))
        append(root.children, indent: "", to: &lines)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func append(_ children: [Branches.Branch], indent: String, to lines: inout [String]) {
    for (index, child) in children.enumerated() {
      let isLast = index == children.count - 1
      lines.append("\(indent)\(isLast ? "└── " : "├── ")\(child.node.id.printable)\(remark(child.link))")
      append(child.children, indent: indent + (isLast ? "    " : "│   "), to: &lines)
    }
  }

  private static func remark(_ link: Forest.Link?) -> String {
    guard let link else { return "" }
    if link.relation == .duplicate { return "  (duplicate)" }
    return "  \(short(link.distance))  support \(percent(link.support))"
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  /// Four digits that matter.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var decimals = 3
    var scale = abs(value)
    while scale < 1, decimals < 12 {
      scale *= 10
      decimals += 1
    }
    while scale >= 10, decimals > 0 {
      scale /= 10
      decimals -= 1
    }
    return fixed(value, decimals)
  }
}
