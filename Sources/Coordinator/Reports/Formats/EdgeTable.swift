internal import Graph

/// The edges of the trees as CSV, for spreadsheets and pandas; then, where there are any, the components that models
/// took from others, with two columns more.
enum EdgeTable {
  static func render(_ graph: ModelGraph) -> String {
    let components = graph.edges.filter { $0.component != nil }
    let more = components.isEmpty ? [] : ["component", "share"]
    var lines = [
      CSVText.row(
        [
          "parent", "child", "distance", "support", "direction_support", "relation", "family", "grade", "runner_up",
          "declared_base",
          "hint",
        ] + more)
    ]
    for edge in graph.treeEdges + components {
      let declared = edge.kind == .parent ? graph.nodes[edge.target].model?.declaration : nil
      let cells = [
        CSVText.cell(graph.nodes[edge.source].id), CSVText.cell(graph.nodes[edge.target].id),
        edge.distance.map { "\($0)" } ?? "", "\(edge.support)", "\(edge.directionSupport)", edge.relation.name,
        "\(graph.nodes[edge.target].family)", edge.grade.rawValue,
        edge.runnerUp.map { CSVText.cell(graph.nodes[$0].id) } ?? "",
        declared.map { CSVText.cell($0.base) } ?? "", declared?.agreement?.rawValue ?? "",
      ]
      let own = more.isEmpty ? [] : [CSVText.cell(edge.component ?? ""), edge.share.map { "\($0)" } ?? ""]
      lines.append(CSVText.row(cells + own))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
