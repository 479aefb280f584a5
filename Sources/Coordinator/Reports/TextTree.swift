internal import Core
internal import Lineage

/// The forest for a terminal: one line per model, distances to the parent at the right of it.
enum TextTree {
  static func render(_ forest: Forest) -> String {
    var lines: [String] = []
    let extra = Dictionary(grouping: forest.extraLinks, by: \.target)
    let families = Dictionary(grouping: Branches(forest).roots) { $0.node.family }
    for (family, roots) in families.sorted(by: { $0.key < $1.key }) {
      if !lines.isEmpty { lines.append("") }
      let size = forest.nodes.count { $0.family == family }
      lines.append("family \(family + 1): \(size) \(size == 1 ? "model" : "models")")
      for root in roots {
        lines.append(root.node.id.printable + (size == 1 ? "  (related to no other model)" : "  (root)"))
        append(root.children, extra, indent: "", to: &lines)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func append(
    _ children: [Branches.Branch], _ extra: [String: [Forest.Link]], indent: String,
    to lines: inout [String]
  ) {
    for (index, child) in children.enumerated() {
      let isLast = index == children.count - 1
      lines.append("\(indent)\(isLast ? "└── " : "├── ")\(child.node.id.printable)\(remark(child.link, extra[child.node.id] ?? []))")
      append(child.children, extra, indent: indent + (isLast ? "    " : "│   "), to: &lines)
    }
  }

  private static func remark(_ link: Forest.Link?, _ extra: [Forest.Link]) -> String {
    guard let link else { return "" }
    let numbers = "  \(short(link.distance))  support \(percent(link.support))"
    let doubt = link.isUndecided ? ", undecided" : ""
    let hint = link.hint.map { "  [declared: \($0.rawValue)]" } ?? ""
    return relation(link, extra, numbers + doubt) + hint
  }

  private static func relation(_ link: Forest.Link, _ extra: [Forest.Link], _ numbers: String) -> String {
    switch link.relation {
    case .finetune: return numbers
    case .duplicate: return "  (duplicate)"
    case .quantized: return numbers + "  (quantized)"
    case .lora(let rank): return numbers + "  (lora, rank \(rank))"
    case .adapter(let rank): return numbers + "  (adapter, rank \(rank))"
    case .merge:
      let parts = ([link] + extra).map { "\(percent($0.share ?? 0)) \($0.source.printable)" }
      return numbers + "  (merge: \(parts.joined(separator: " + ")))"
    }
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
