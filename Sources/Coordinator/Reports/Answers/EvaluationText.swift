package import Graph
internal import System

/// An evaluation for people and for programs.
package enum EvaluationText {
  package static func text(_ e: Evaluation) -> String {
    let right = e.trueEdges - e.wrongEdges.count
    var lines = [
      "directed accuracy    \(percent(e.directedAccuracy))  (\(right) of \(e.trueEdges) true edges)",
      "undirected accuracy  \(percent(e.undirectedAccuracy))",
      "root accuracy        \(percent(e.rootAccuracy))",
      "families (ARI)       \(fixed(e.adjustedRandIndex, 3))",
    ]
    let missing = Set(e.missing)
    for edge in e.wrongEdges {
      let found = edge.found.map { "found under \($0.printable)" } ?? "found as a root"
      let expected = edge.expected.map { id in
        id.printable + (missing.contains(id) ? " (not in the run)" : "")
      }.joined(separator: " or ")
      lines.append(
        "wrong: \(edge.child.printable) should be under \(expected), \(found)\(edge.reversed ? " (edge reversed)" : "")"
      )
    }
    if !e.missing.isEmpty { lines.append("in the truth, but not in the run: \(list(e.missing))") }
    if !e.unknown.isEmpty { lines.append("in the run, but not in the truth: \(list(e.unknown))") }
    return lines.joined(separator: "\n") + "\n"
  }

  package static func json(_ evaluation: Evaluation) -> String {
    JSONText.answer(evaluation)
  }

  private static func percent(_ share: Double) -> String {
    let text = fixed(share * 100, 1)
    return String(repeating: " ", count: max(0, 5 - text.count)) + text + " %"
  }

  private static func list(_ ids: [String]) -> String {
    let shown = ids.prefix(10).map(\.printable).joined(separator: ", ")
    return ids.count > 10 ? "\(shown) and \(ids.count - 10) more" : shown
  }
}
