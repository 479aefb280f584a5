internal import Graph

/// The graph as a picture for papers: SVG, in the layout of the page. Inferred ancestors are dashed.
enum VectorImage {
  private static let hues = [
    "#3d6fe0", "#dd7a00", "#1f9d74", "#c8458f", "#8a5fd6", "#a89200", "#0f9fb5", "#d24a3c", "#7b8f3a",
    "#a06a44", "#5c7da8", "#777777",
  ]
  private static let margin = 16.0
  private static let titleRoom = 32.0
  private static let doubt = "#a84b08"
  private static let ink = "#1b2330"
  private static let soft = "#5c6778"
  private static let edge = "#8792a5"
  /// Width divided by height of the page for which the families are arranged.
  private static let aspect = 1.5

  private struct Family {
    let number: Int
    let nodes: [Int]
    let width: Double
    let height: Double
    let title: String
  }

  static func render(_ graph: ModelGraph, lengths: EdgeLengths = .equal) -> String {
    let outline = Outline(graph)
    let drawing = TreeLayout(outline)
    var at = drawing.positions(lengths)
    let families = families(outline, drawing, &at)
    let shelves = ShelfPacking.arrange(
      families.map { .init(width: $0.width, height: $0.height) }, aspect: aspect)
    var body: [String] = []
    for (family, place) in zip(families, shelves.places) {
      body.append(
        "<text class=\"title\" x=\"\(n(margin + place.x))\" y=\"\(n(margin + place.y + 14))\">\(family.title)</text>")
      for node in family.nodes {
        at.x[node] += margin + place.x
        at.y[node] += margin + place.y + titleRoom + TreeLayout.box / 2
      }
    }
    for link in graph.extraEdges { body.append(edge(link, outline, drawing, at, lengths)) }
    for node in outline.order {
      if let link = outline.edge(to: node) { body.append(edge(link, outline, drawing, at, lengths)) }
    }
    for node in outline.order { body.append(box(node, outline, drawing, at)) }
    let bottom = margin + shelves.height + 28
    let (legend, legendWidth) = legend(graph, y: bottom)
    body += legend
    return frame(
      width: max(shelves.width, legendWidth) + 2 * margin, height: bottom + 8 + margin, graph, body)
  }

  /// Families of several models, largest first, followed by one group of all models without relatives.
  private static func families(
    _ outline: Outline, _ drawing: TreeLayout, _ at: inout TreeLayout.Positions
  ) -> [Family] {
    let groups = Dictionary(grouping: outline.order) { outline.graph.nodes[$0].family }
    var families = groups.filter { $0.value.count > 1 }.map { number, nodes in
      let title = "family \(number) · \(AnswerText.count(nodes.count, "model", "models"))"
      return Family(
        number: number, nodes: nodes,
        width: max(nodes.map { at.x[$0] + drawing.widths[$0] }.max() ?? 0, Double(title.count) * 8),
        height: titleRoom + (nodes.map { at.y[$0] }.max() ?? 0) + TreeLayout.row, title: title)
    }
    families.sort { ($1.nodes.count, $0.number) < ($0.nodes.count, $1.number) }
    let lone = groups.filter { $0.value.count == 1 }.flatMap(\.value).sorted()
    let isCompared = { (node: Int) in outline.graph.nodes[node].model?.isComparable != false }
    for (title, members) in [
      ("related to no other", lone.filter(isCompared)), ("not compared", lone.filter { !isCompared($0) }),
    ] where !members.isEmpty {
      families.append(grid(members, title, drawing, &at))
    }
    return families
  }

  /// Models without relatives, in columns.
  private static func grid(
    _ lone: [Int], _ name: String, _ drawing: TreeLayout, _ at: inout TreeLayout.Positions
  ) -> Family {
    let title = "\(name) · \(AnswerText.count(lone.count, "model", "models"))"
    let columns = max(1, Int((Double(lone.count) / 4).squareRoot().rounded(.up)))
    let perColumn = (lone.count + columns - 1) / columns
    var x = 0.0
    for start in stride(from: 0, to: lone.count, by: perColumn) {
      let column = lone[start..<min(start + perColumn, lone.count)]
      for (row, node) in column.enumerated() { (at.x[node], at.y[node]) = (x, Double(row) * TreeLayout.row) }
      x += (column.map { drawing.widths[$0] }.max() ?? 0) + 20
    }
    return Family(
      number: -1, nodes: lone, width: max(x, Double(title.count) * 8),
      height: titleRoom + Double(perColumn) * TreeLayout.row, title: title)
  }

  private static func box(_ node: Int, _ outline: Outline, _ drawing: TreeLayout, _ at: TreeLayout.Positions) -> String
  {
    let model = outline.graph.nodes[node]
    let hue = hues[model.family % hues.count]
    let isRoot = outline.parent[node] == nil && !outline.children[node].isEmpty
    return """
      <g transform="translate(\(n(at.x[node])) \(n(at.y[node])))"><title>\(XMLText.escaped(model.id))</title>\
      <rect y="\(n(-TreeLayout.box / 2))" width="\(n(drawing.widths[node]))" height="\(n(TreeLayout.box))" rx="7" \
      fill="\(tinted(hue))" stroke="\(hue)" stroke-width="\(isRoot ? 2.6 : 1.3)"\(model.isInferred ? " stroke-dasharray=\"5 4\"" : "")/>\
      <text class="name" x="10" y="4"\(isRoot ? " style=\"font-weight:700\"" : "")>\(XMLText.escaped(drawing.labels[node]))</text></g>
      """
  }

  private static func edge(
    _ link: ModelGraph.Edge, _ outline: Outline, _ drawing: TreeLayout, _ at: TreeLayout.Positions,
    _ lengths: EdgeLengths
  ) -> String {
    let (from, to) = (link.source, link.target)
    let (x0, y0) = (at.x[from] + drawing.widths[from], at.y[from])
    let (x1, y1) = (at.x[to], at.y[to])
    let colour = link.isUndecided ? doubt : edge
    let path: String
    if link.kind != .parent {
      path = "M\(n(x0)) \(n(y0))C\(n(x0 + 70)) \(n(y0)) \(n(x1 - 70)) \(n(y1)) \(n(x1)) \(n(y1))"
    } else {
      let bend = lengths == .equal ? max(x0, x1 - TreeLayout.gap) : x0
      let room = x1 - bend
      path =
        "M\(n(x0)) \(n(y0))H\(n(bend))C\(n(bend + room * 0.3)) \(n(y0)) \(n(bend + room * 0.24)) \(n(y1)) \(n(bend + room * 0.54)) \(n(y1))H\(n(x1))"
    }
    let width = link.kind != .parent ? 1.4 : link.relation == .duplicate ? 4.6 : 1 + 1.1 * link.support
    let ids = outline.graph.nodes
    let title = "\(ids[from].id) → \(ids[to].id): \(AnswerText.relation(link))"
    var text = """
      <g><title>\(XMLText.escaped(title))</title>\
      <path d="\(path)" fill="none" stroke="\(colour)" stroke-width="\(n(width))"\(dashes(link.relation))/>
      """
    if link.relation == .duplicate {
      text += "<path d=\"\(path)\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.8\"/>"
    }
    if link.kind == .parent {
      let fill = " fill=\"\(link.isUndecided ? doubt : soft)\"\(link.isUndecided ? " style=\"font-weight:700\"" : "")"
      let mark = link.grade.mark
      let support = "\(mark.isEmpty ? "" : mark + " ")\(AnswerText.percent(link.certainty))"
      text += """
        <text class="number" x="\(n(x1 - 5))" y="\(n(y1 - 4))"\(fill)>\(AnswerText.distance(link))</text>\
        <text class="number" x="\(n(x1 - 5))" y="\(n(y1 + 10.5))"\(fill)>\(support)</text>
        """
    }
    return text + "</g>"
  }

  /// Each relation has its own line style.
  private static func dashes(_ relation: Relation) -> String {
    relation.kind.facts.dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
  }

  private static func legend(_ graph: ModelGraph, y: Double) -> (lines: [String], width: Double) {
    var lines: [String] = []
    var x = margin
    let tree = graph.treeEdges
    var seen: Set<String> = []
    for link in graph.edges where seen.insert(link.relation.name).inserted {
      lines.append(
        "<path d=\"M\(n(x)) \(n(y))h26\" stroke=\"\(edge)\" stroke-width=\"2\" fill=\"none\"\(dashes(link.relation))/>")
      lines.append("<text class=\"key\" x=\"\(n(x + 32))\" y=\"\(n(y + 4))\">\(link.relation.name)</text>")
      x += 52 + Double(link.relation.name.count) * 7
    }
    if tree.contains(where: { $0.grade == .weak }) {
      lines.append("<text class=\"key\" x=\"\(n(x))\" y=\"\(n(y + 4))\">~ weak</text>")
      x += 60
    }
    if tree.contains(where: \.isUndecided) {
      lines.append("<path d=\"M\(n(x)) \(n(y))h26\" stroke=\"\(doubt)\" stroke-width=\"2\" fill=\"none\"/>")
      lines.append("<text class=\"key\" x=\"\(n(x + 32))\" y=\"\(n(y + 4))\">? undecided</text>")
      x += 125
    }
    guard !tree.isEmpty else { return ([], 0) }
    lines.append("<text class=\"key\" x=\"\(n(x))\" y=\"\(n(y + 4))\">on edges: distance, support</text>")
    return (lines, x + 175 - margin)
  }

  private static func frame(width: Double, height: Double, _ graph: ModelGraph, _ body: [String]) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <svg xmlns="http://www.w3.org/2000/svg" width="\(n(width))" height="\(n(height))" \
    viewBox="0 0 \(n(width)) \(n(height))" role="img">
    <title>Model tree of \(AnswerText.count(graph.nodes.count, "model", "models"))</title>
    <style>
    .name { font: 12px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: \(ink); }
    .number { font: 9.5px "DejaVu Sans Mono", Menlo, Consolas, monospace; text-anchor: end; }
    .title { font: bold 13px "DejaVu Sans", Helvetica, Arial, sans-serif; fill: \(soft); }
    .key { font: 12px "DejaVu Sans", Helvetica, Arial, sans-serif; fill: \(soft); }
    </style>
    <rect width="100%" height="100%" fill="#fff"/>
    \(body.joined(separator: "\n"))
    </svg>

    """
  }

  /// One seventh of the hue on white paper.
  private static func tinted(_ hue: String) -> String {
    let channels = [1, 3, 5].map { start -> Int in
      let digits = hue.dropFirst(start).prefix(2)
      return 255 - (255 - (Int(digits, radix: 16) ?? 0)) / 7
    }
    return "rgb(\(channels[0]),\(channels[1]),\(channels[2]))"
  }

  private static func n(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
  }
}
