internal import Foundation
package import Graph
internal import System

/// The trees for a terminal: one line per model, with the distance to its parent on the right.
package enum TextTree {
  /// What the destination of the text can display.
  package struct Style: Sendable {
    /// Width in columns; nil for no limit.
    package var columns: Int?
    package var hasColour: Bool

    package init(columns: Int? = nil, hasColour: Bool = false) {
      self.columns = columns
      self.hasColour = hasColour
    }
  }

  /// One model, before its line is fitted to the terminal.
  private struct Line {
    var name: String
    /// Edges from the root.
    var depth = 0
    /// From the root down, as far as it is drawn: is the node there the last child of its parent? Empty for roots.
    var isLast: [Bool] = []
    /// Distance and support; empty for roots and copies.
    var numbers: [String] = []
    var remark = ""
    var isRoot = false
    /// Firm for roots.
    var grade = Grade.firm
    /// Do the weights contradict what is declared of it?
    var isContradicted = false
  }

  package static func render(_ graph: ModelGraph, style: Style = Style()) -> String {
    let outline = Outline(graph)
    let extra = Dictionary(grouping: graph.extraEdges, by: \.target)
    let families = Dictionary(grouping: outline.order) { graph.nodes[$0].family }
    let observed = graph.nodes.count { !$0.isInferred }
    var parts: [String] = []
    for (family, members) in families.sorted(by: { $0.key < $1.key }) {
      let title = "family \(family): \(AnswerText.count(members.count, "model", "models"))"
      let lines = lines(members, outline, extra, observed, style)
      parts.append(
        ([painted(title, .title, style)] + fitted(lines, style)).joined(separator: "\n") + "\n")
    }
    return parts.isEmpty ? "\n" : parts.joined(separator: "\n")
  }

  /// What a run found: the summary, the trees, the notes.
  package static func render(_ report: TreeReport, style: Style = Style()) -> String {
    let summary = ForestSummary(report)
    func fitted(_ line: String, _ paint: Paint) -> String {
      // What was found is never cut: it goes on in the next line.
      (style.columns.map { TextColumns.wrapped(line, to: $0) } ?? [line]).map { painted($0, paint, style) }
        .joined(separator: "\n")
    }
    let head = summary.lines.enumerated().map { place, line in
      fitted(line, place == 0 ? .root : line.hasPrefix("contradicted") ? .wrong : .name)
    }
    let notes = summary.noteLines.map { fitted($0, .quiet) }
    return (head + [""]).joined(separator: "\n") + "\n" + render(report.graph, style: style)
      + (notes.isEmpty ? "" : "\n" + notes.joined(separator: "\n") + "\n")
  }

  private static func lines(
    _ members: [Int], _ outline: Outline, _ extra: [Int: [ModelGraph.Edge]], _ observed: Int, _ style: Style
  ) -> [Line] {
    let graph = outline.graph
    // Of the node before, from the root down.
    var isLast: [Bool] = []
    return members.map { node in
      let model = graph.nodes[node]
      let remarks = remarks(of: node, extra[node] ?? [], graph)
      let isContradicted = model.model?.declaration?.agreement == .contradicts
      guard let parent = outline.parent[node], let edge = outline.edge(to: node) else {
        isLast = []
        let place = members.count > 1 ? "root" : AnswerText.loneliness(model, of: observed)
        return Line(
          name: model.id.printable, remark: (["(\(place))"] + remarks).joined(separator: " "), isRoot: true,
          isContradicted: isContradicted)
      }
      isLast.removeLast(max(0, isLast.count - outline.depth[node] + 1))
      isLast.append(outline.children[parent].last == node)
      var line = Line(
        name: model.id.printable, depth: outline.depth[node], isLast: Array(isLast.suffix(deepestDrawn)),
        grade: edge.grade, isContradicted: isContradicted)
      if edge.relation != .duplicate { line.numbers = [AnswerText.distance(edge), support(edge, style)] }
      var words = [remark(edge, extra[node] ?? [], graph)]
      if edge.isUndecided, let other = AnswerText.alternative(edge, graph) { words.append("[or \(other)]") }
      words += remarks
      line.remark = words.filter { !$0.isEmpty }.joined(separator: " ")
      return line
    }
  }

  /// Remarks about a model other than the relation to its parent.
  private static func remarks(of node: Int, _ extra: [ModelGraph.Edge], _ graph: ModelGraph) -> [String] {
    var remarks: [String] = []
    if let support = graph.nodes[node].support {
      remarks.append("[inferred, support \(AnswerText.percent(support))]")
    }
    if let declaration = AnswerText.declaration(graph.nodes[node], graph) { remarks.append("[\(declaration)]") }
    for edge in extra {
      guard let component = edge.component else { continue }
      let share = edge.share.map { ", \(AnswerText.percent($0))" } ?? ""
      remarks.append("[contains \(component.printable) of \(graph.nodes[edge.source].id.printable)\(share)]")
    }
    return remarks
  }

  /// Spelled out where there is room.
  private static func support(_ edge: ModelGraph.Edge, _ style: Style) -> String {
    let grade = edge.grade
    if let columns = style.columns, columns < wordy {
      return AnswerText.percent(edge.certainty) + (grade == .firm ? "" : " \(grade.mark)")
    }
    return "support \(AnswerText.support(edge))\(grade == .firm ? "" : ", \(grade.rawValue)")"
  }

  private static let wordy = 100
  /// Columns that are always reserved for a name, and at least for the guides before it.
  private static let shortestName = 8
  private static let leastGuides = 6
  /// Guides are drawn for at most this many levels; otherwise the text of a chain would grow with its square.
  private static let deepestDrawn = 100

  /// Fits the lines to the available columns: names are shortened in the middle, numbers are aligned, and remarks are
  /// shown where there is room. Without a limit no line is shortened.
  private static func fitted(_ lines: [Line], _ style: Style) -> [String] {
    let deepest = lines.map(\.depth).max() ?? 0
    guard let columns = style.columns else {
      let guides = Guides(deepest: deepest, columns: nil)
      return lines.map { line in
        let tail = (line.numbers + (line.remark.isEmpty ? [] : [line.remark])).joined(separator: "  ")
        return guides.text(line) + line.name + (tail.isEmpty ? "" : "  " + tail)
      }
    }
    let widths = (0..<2).map { column in
      lines.map { $0.numbers.count > column ? TextColumns.count($0.numbers[column]) : 0 }.max() ?? 0
    }
    let numbers = widths.reduce(0) { $0 + ($1 > 0 ? $1 + 2 : 0) }
    let rest = columns - numbers - shortestName - leastGuides
    let widest = lines.map { $0.isRoot ? 0 : TextColumns.count($0.remark) }.max() ?? 0
    let remarks = min(widest, max(0, min(rest - 2, columns / 4)))
    let most = columns - numbers - (remarks > 0 ? remarks + 2 : 0)
    let guides = Guides(deepest: deepest, columns: most - shortestName)
    let names = lines.map { TextColumns.count(guides.text($0)) + TextColumns.count($0.name) }.max() ?? 0
    return lines.map { fitted($0, guides.text($0), widths, room: min(names, most), remarks, style) }
  }

  private static func fitted(
    _ line: Line, _ guide: String, _ widths: [Int], room: Int, _ remarks: Int, _ style: Style
  ) -> String {
    let indent = TextColumns.count(guide)
    let name = TextColumns.shortened(line.name, to: max(shortestName, room - indent))
    let used = indent + TextColumns.count(name)
    var text = painted(guide, .guide, style) + painted(name, line.isRoot ? .root : .name, style)
    if line.isRoot {
      let left = (style.columns ?? Int.max) - used - 2
      let paint: Paint = line.isContradicted ? .wrong : .quiet
      return left < 6 ? text : text + "  " + painted(TextColumns.shortened(line.remark, to: left), paint, style)
    }
    text += String(repeating: " ", count: max(0, room - used))
    for (place, width) in widths.enumerated() where width > 0 {
      let number = line.numbers.count > place ? line.numbers[place] : ""
      text += "  " + painted(number, paint(line.grade), style)
      text += String(repeating: " ", count: width - TextColumns.count(number))
    }
    if remarks > 0, !line.remark.isEmpty {
      text +=
        "  "
        + painted(
          TextColumns.shortened(line.remark, to: remarks), line.isContradicted ? .wrong : .relation, style)
    }
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }

  private static func remark(_ edge: ModelGraph.Edge, _ extra: [ModelGraph.Edge], _ graph: ModelGraph) -> String {
    switch edge.relation.kind {
    case .finetune: return ""
    case .merge:
      let parts = ([edge] + extra.filter { $0.kind == .extraParent }).map {
        "\(AnswerText.percent($0.share ?? 0)) \(graph.nodes[$0.source].id.printable)"
      }
      return "(merge: \(parts.joined(separator: " + ")))"
    default: return "(\(AnswerText.relation(edge)))"
    }
  }

  /// The lines from parents to children, as wide as the terminal has room for.
  private struct Guides {
    private let step: Int
    /// Levels that are drawn; deeper ones are counted.
    private let most: Int

    /// - Parameter columns: for the guides; nil: no limit.
    init(deepest: Int, columns: Int?) {
      let room = columns ?? 4 * deepestDrawn
      step = max(1, min(4, columns != nil && deepest > 0 ? room / deepest : 4))
      // Where levels are omitted, their number is shown instead.
      most = min(deepestDrawn, max(1, deepest <= room / step ? deepest : (room - 5) / step))
    }

    func text(_ line: Line) -> String {
      let hidden = max(0, line.depth - most)
      var text = hidden > 0 ? "+\(hidden) " : ""
      let drawn = line.isLast.suffix(line.depth - hidden)
      for (depth, last) in drawn.enumerated() {
        let isOwn = depth == drawn.count - 1
        let mark = isOwn ? (last ? "└" : "├") : (last ? " " : "│")
        let fill = String(repeating: isOwn ? "─" : " ", count: max(0, step - 2))
        text += mark + fill + (step > 1 ? " " : "")
      }
      return text
    }
  }

  private enum Paint: String {
    case title = "1;36"
    case root = "1"
    case name = "0"
    case guide = "2"
    case quiet = "2;39"
    case relation = "36"
    case weak = "33"
    case wrong = "31"
  }

  private static func paint(_ grade: Grade) -> Paint {
    switch grade {
    case .firm: .quiet
    case .weak: .weak
    case .undecided: .wrong
    }
  }

  private static func painted(_ text: String, _ paint: Paint, _ style: Style) -> String {
    guard style.hasColour, paint != .name, !text.isEmpty else { return text }
    return "\u{1b}[\(paint.rawValue)m\(text)\u{1b}[0m"
  }

  /// Four significant digits.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    guard abs(value) >= 1e-4 else { return String(format: "%.3e", value) }
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
