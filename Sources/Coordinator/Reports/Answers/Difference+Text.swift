internal import Core
internal import System

extension Difference {
  package var json: String { JSONText.answer(self) }

  package var text: String {
    var lines = ["models           \(modelsBefore) -> \(modelsAfter)"]
    if !gone.isEmpty { lines.append("  gone           \(Self.list(gone))") }
    if !new.isEmpty { lines.append("  new            \(Self.list(new))") }
    for (name, values) in options.sorted(by: { $0.key < $1.key }) {
      lines.append("option           \(name): \(values[0].printable) -> \(values[1].printable)")
    }
    lines.append("same parent      \(AnswerText.count(sameEdges, "model", "models"))")
    lines.append("other parent     \(AnswerText.count(moved.count, "model", "models"))")
    lines += TextTable.of(
      moved.map { move in
        [
          move.child.printable,
          "\(Self.place(move.before, move.supportBefore)) -> \(Self.place(move.after, move.supportAfter))",
          move.reversed ? "reversed" : "",
        ]
      }, indent: "  ")
    if !otherFamily.isEmpty { lines.append("other relatives  \(Self.list(otherFamily))") }
    lines += changes("distance", distances, AnswerText.number)
    lines += changes("support", supports, AnswerText.percent)
    if moved.isEmpty, gone.isEmpty, new.isEmpty, otherFamily.isEmpty, distances.isEmpty, supports.isEmpty {
      lines.append("The two trees are the same.")
    }
    return lines.map { line in
      var line = line
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n") + "\n"
  }

  private func changes(_ what: String, _ list: [Change], _ text: (Double) -> String) -> [String] {
    guard !list.isEmpty else { return [] }
    return [
      "other \(what)\(String(repeating: " ", count: max(1, 11 - what.count)))\(AnswerText.count(list.count, "edge", "edges"))"
    ]
      + TextTable.of(
        list.map {
          ["\($0.parent.printable) -> \($0.child.printable)", "\(text($0.before)) -> \(text($0.after))"]
        }, indent: "  ")
  }

  private static func place(_ parent: String?, _ support: Double?) -> String {
    guard let parent else { return "root" }
    return parent.printable + (support.map { " (\(AnswerText.percent($0)))" } ?? "")
  }

  private static func list(_ ids: [String]) -> String {
    let shown = ids.prefix(10).map(\.printable).joined(separator: ", ")
    return ids.count > 10 ? "\(shown) and \(ids.count - 10) more" : shown
  }
}
