internal import Graph
internal import System

/// What a run found, before any detail: how many families, how sure, what was not compared, and which declarations the
/// weights contradict.
package struct ForestSummary: Sendable, Equatable, Encodable {
  /// A declared base that the weights contradict.
  package struct Contradiction: Sendable, Equatable, Encodable {
    package var model: String
    package var declared: String
    /// nil: a root.
    package var found: String?
  }

  /// Without inferred ancestors.
  package var models: Int
  package var inferred: Int
  /// Of two models or more.
  package var families: Int
  /// Of those families, in their order.
  package var roots: [String]
  package var edges: Int
  package var firm: Int
  package var weak: Int
  package var undecided: Int
  /// Compared, and related to none of those.
  package var unrelated: [String]
  /// Neither related nor unrelated: nothing of them was compared.
  package var notCompared: [String]
  package var contradictions: [Contradiction]
  package var notes: [String]

  package init(_ report: TreeReport) {
    let graph = report.graph
    let outline = Outline(graph)
    models = graph.nodes.count { !$0.isInferred }
    inferred = graph.nodes.count - models
    let heads = outline.order.filter { outline.parent[$0] == nil }
    let lone = heads.filter { outline.size[$0] == 1 }
    roots = heads.filter { outline.size[$0] > 1 }.map { graph.nodes[$0].id }
    families = roots.count
    let tree = graph.treeEdges
    edges = tree.count
    func count(_ grade: Grade) -> Int { tree.count { $0.grade == grade } }
    (firm, weak, undecided) = (count(.firm), count(.weak), count(.undecided))
    unrelated = lone.filter { graph.nodes[$0].model?.isComparable == true }.map { graph.nodes[$0].id }
    notCompared = lone.filter { graph.nodes[$0].model?.isComparable == false }.map { graph.nodes[$0].id }
    contradictions = outline.order.compactMap { node in
      guard let declaration = graph.nodes[node].model?.declaration, declaration.agreement == .contradicts else {
        return nil
      }
      return Contradiction(
        model: graph.nodes[node].id, declared: declaration.base,
        found: outline.parent[node].map { graph.nodes[$0].id })
    }
    notes = report.description.notes
  }

  package var json: String { JSONText.answer(self) }

  /// A line for each thing there is to know; the first one answers the question.
  package var lines: [String] {
    var first = "\(counted(models, "model")): \(counted(families, "family", "families"))"
    if !roots.isEmpty { first += " (\(roots.count == 1 ? "root" : "roots") \(Self.list(roots)))" }
    if !unrelated.isEmpty { first += ", \(unrelated.count) related to no other" }
    if !notCompared.isEmpty { first += ", \(notCompared.count) not compared" }
    if inferred > 0 { first += ", \(counted(inferred, "absent ancestor")) inferred" }
    var lines = [first]
    if edges > 0 { lines.append("\(counted(edges, "edge")): \(grades)") }
    if !notCompared.isEmpty { lines.append("not compared with any other model: \(Self.list(notCompared))") }
    for claim in contradictions.prefix(Self.mostListed) {
      let found = claim.found.map { "found under \($0.printable)" } ?? "found as a root"
      lines.append("contradicted: \(claim.model.printable) declares \(claim.declared.printable), \(found)")
    }
    if contradictions.count > Self.mostListed {
      lines.append("contradicted: \(contradictions.count - Self.mostListed) more (hints.csv)")
    }
    return lines
  }

  /// "17 firm, 9 weak, 1 undecided"
  package var grades: String { "\(firm) firm, \(weak) weak, \(undecided) undecided" }

  /// The notes for people, with their number; empty without any.
  package var noteLines: [String] {
    guard !notes.isEmpty else { return [] }
    let shown = notes.prefix(Self.mostListed).map { "  \($0.printable)" }
    let more = notes.count > Self.mostListed ? ["  and \(notes.count - Self.mostListed) more, in run.json"] : []
    return ["\(counted(notes.count, "note")):"] + shown + more
  }

  private static let mostListed = 6

  private static func list(_ ids: [String]) -> String {
    let shown = ids.prefix(mostListed).map(\.printable).joined(separator: ", ")
    return ids.count > mostListed ? "\(shown) and \(ids.count - mostListed) more" : shown
  }
}
