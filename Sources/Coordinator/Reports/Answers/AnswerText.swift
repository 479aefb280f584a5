internal import Foundation
internal import Graph
internal import System

/// Wording and number formats shared by the answers about a finished run.
enum AnswerText {
  static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  static func signed(_ value: Double) -> String {
    value.isFinite ? (value > 0 ? "+" : "") + fixed(value, abs(value) < 10 ? 2 : 1) : "-"
  }

  /// Small probabilities as powers of ten; below 1e-15 the number says no more.
  static func probability(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    guard value < 0.001 else { return fixed(value, 3) }
    guard value > 1e-15 else { return "below 1e-15" }
    return "1e\(Int(log10(value).rounded()))"
  }

  static func number(_ value: Double) -> String { value.isFinite ? TextTree.short(value) : "-" }

  /// Four digits; "-" for an edge that has none.
  static func distance(_ edge: ModelGraph.Edge) -> String { edge.distance.map(TextTree.short) ?? "-" }

  static func relation(_ edge: ModelGraph.Edge) -> String {
    if let component = edge.component { return "contains its \(component)" }
    return edge.relation.rank.map { "\(edge.relation.name), rank \($0)" } ?? edge.relation.name
  }

  /// Both supports where the order is what is in doubt, otherwise that of the edge.
  static func support(_ edge: ModelGraph.Edge) -> String {
    edge.isOrderInDoubt
      ? "\(percent(edge.support)), direction \(percent(edge.directionSupport))" : percent(edge.support)
  }

  /// The grade of an edge that is not firm, and what is as likely where nothing is decided; empty for firm edges.
  static func doubt(_ edge: ModelGraph.Edge, _ graph: ModelGraph) -> String {
    guard edge.grade != .firm else { return "" }
    guard edge.grade == .undecided else { return edge.grade.rawValue }
    return alternative(edge, graph).map { "\(edge.grade.rawValue): or \($0)" } ?? edge.grade.rawValue
  }

  /// What may be so instead of an edge that is not firm; nil where nothing else is known.
  static func alternative(_ edge: ModelGraph.Edge, _ graph: ModelGraph) -> String? {
    edge.isOrderInDoubt ? "the reverse" : (edge.leftOut ?? edge.runnerUp).map { graph.nodes[$0].id.printable }
  }

  /// What a declared base is worth, where there is one; nil without.
  static func declaration(_ node: ModelGraph.Node, _ graph: ModelGraph) -> String? {
    guard let declared = node.model?.declaration else { return nil }
    let base = "declared base \(declared.base.printable)"
    return switch declared.agreement {
    case .agrees: "\(base): agrees"
    case .ancestor: "\(base): an ancestor further up"
    case .contradicts: "\(base): CONTRADICTED by the weights"
    case nil: "\(base): not in the collection"
    }
  }

  /// What is known of a model that has no relative in the run.
  static func loneliness(_ node: ModelGraph.Node, of models: Int) -> String {
    guard let model = node.model else { return "no relative known" }
    guard model.isComparable else { return "not compared with any other model" }
    guard let compared = model.compared, compared > 0, compared < models - 1 else { return "related to no other model" }
    return "related to none of the \(compared) it was compared with, of \(models - 1)"
  }

  static func count(_ number: Int, _ one: String, _ many: String) -> String {
    "\(number) \(number == 1 ? one : many)"
  }

  /// 1st, 2nd, 3rd, 4th, ... 11th
  static func ordinal(_ number: Int) -> String {
    let ending =
      (11...13).contains(number % 100)
      ? "th" : [1: "st", 2: "nd", 3: "rd"][number % 10] ?? "th"
    return "\(number)\(ending)"
  }
}
