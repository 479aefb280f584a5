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

  static func json(_ value: some Encodable) -> String {
    JSONText.of(value, style: [.pretty, .snakeCase]) + "\n"
  }
}
