internal import Core
internal import Lineage
internal import System

/// Hugging Face model-card metadata per model, as suggestions to paste: one YAML document each, the
/// model's id in front as a comment.
enum ModelCards {
  static func render(_ forest: Forest) -> String {
    let outline = Outline(forest)
    let extra = Dictionary(grouping: forest.extraLinks, by: \.target)
    return outline.order.map { card($0, outline, extra) }.joined()
  }

  private static func card(_ node: Int, _ outline: Outline, _ extra: [String: [Forest.Link]]) -> String {
    let model = outline.forest.nodes[node]
    var lines = ["---", "# \(model.id.printable)"]
    guard let link = outline.edge(to: node) else {
      lines.append(
        outline.children[node].isEmpty
          ? "# related to no other model of the collection" : "# a root: nothing in the collection is its base")
      return lines.joined(separator: "\n") + "\n"
    }
    let confidence = "support \(AnswerText.percent(link.support))"
    lines.append(
      "# from the weights: \(AnswerText.relation(link)), \(confidence)\(link.isUndecided ? ", undecided: check before use" : "")"
    )
    if link.relation == .duplicate {
      lines.append("# the same weights, bit for bit, as \(link.source.printable); the hub has no relation for that")
    }
    let bases = [link.source] + (extra[model.id] ?? []).map(\.source)
    if bases.count == 1 {
      lines.append("base_model: \(quoted(link.source))")
    } else {
      lines.append("base_model:")
      lines += bases.map { "  - \(quoted($0))" }
    }
    if let relation = relation(link.relation) { lines.append("base_model_relation: \(relation)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The hub's words: finetune, adapter, merge, quantized. A merged low-rank update is a finetune.
  private static func relation(_ relation: Relation) -> String? {
    switch relation.name {
    case "lora": "finetune"
    case "duplicate": nil
    default: relation.name
    }
  }

  /// A double-quoted YAML scalar, which may hold everything.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case _
      where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar == "\u{2028}"
        || scalar == "\u{2029}" || scalar == "\u{feff}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
