internal import Graph
internal import System

/// Suggested Hugging Face model-card metadata: one YAML document per model, which begins with the model's id as a
/// comment.
enum ModelCards {
  static func render(_ graph: ModelGraph) -> String {
    let outline = Outline(graph)
    let extra = Dictionary(grouping: graph.extraEdges, by: \.target)
    let observed = outline.order.filter { !graph.nodes[$0].isInferred }
    return observed.map { card($0, outline, extra[$0] ?? [], of: observed.count) }.joined()
  }

  private static func card(_ node: Int, _ outline: Outline, _ extra: [ModelGraph.Edge], of models: Int) -> String {
    let graph = outline.graph
    var lines = ["---", "# \(graph.nodes[node].id.printable)"]
    if let edge = outline.edge(to: node) {
      lines += base(edge, extra.filter { $0.kind == .extraParent }, graph)
    } else {
      lines.append(
        outline.children[node].isEmpty
          ? "# \(AnswerText.loneliness(graph.nodes[node], of: models)) of the collection"
          : "# a root: nothing in the collection is its base")
    }
    if let declared = AnswerText.declaration(graph.nodes[node], graph) { lines.append("# \(declared)") }
    for edge in extra {
      guard let component = edge.component else { continue }
      let share = edge.share.map { ", \(AnswerText.percent($0)) of the weights" } ?? ""
      lines.append("# contains the \(component.printable) of \(graph.nodes[edge.source].id.printable)\(share)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func base(_ edge: ModelGraph.Edge, _ extra: [ModelGraph.Edge], _ graph: ModelGraph) -> [String] {
    let doubt = AnswerText.doubt(edge, graph)
    let source = graph.nodes[edge.source]
    let confidence = "support \(AnswerText.support(edge))\(doubt.isEmpty ? "" : ", \(doubt)")"
    if edge.isUndecided {
      return [
        "# from the weights: perhaps \(AnswerText.relation(edge)) of \(source.id.printable), \(confidence)",
        "# the weights do not decide it, so no base is suggested",
      ]
    }
    var lines = ["# from the weights: \(AnswerText.relation(edge)), \(confidence)"]
    if let other = edge.runnerUp { lines.append("# within noise of it: \(graph.nodes[other].id.printable)") }
    if edge.relation == .duplicate {
      lines.append("# the same weights, bit for bit, as \(source.id.printable); the hub has no relation for that")
    }
    let bases = ([edge] + extra).map { graph.nodes[$0.source] }.filter { !$0.isInferred }.map(\.id)
    if source.isInferred { lines.append("# its base is not in the collection; \(source.id) stands for it") }
    guard !bases.isEmpty else { return lines }
    if bases.count == 1 {
      lines.append("base_model: \(quoted(bases[0]))")
    } else {
      lines.append("base_model:")
      lines += bases.map { "  - \(quoted($0))" }
    }
    // The hub's words: finetune, adapter, merge, quantized. A merged low-rank update is a finetune.
    if let relation = edge.relation.kind.facts.hubName { lines.append("base_model_relation: \(relation)") }
    return lines
  }

  /// A double-quoted YAML scalar, which can hold any text.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case _ where scalar.isHazard:
        let digits = String(scalar.value, radix: 16)
        result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
