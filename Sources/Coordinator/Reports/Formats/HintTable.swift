package import Graph

/// Declared bases beside what the weights say, as CSV (RFC 4180).
package enum HintTable {
  package static let fileName = "hints.csv"

  /// nil when nothing is declared.
  package static func render(_ graph: ModelGraph) -> String? {
    var edges: [ModelGraph.Edge?] = Array(repeating: nil, count: graph.nodes.count)
    for edge in graph.edges where edge.kind == .parent { edges[edge.target] = edge }
    var lines = ["model,declared,declared_model,found,hint,support"]
    for (node, edge) in zip(graph.nodes, edges) {
      guard let declaration = node.model?.declaration else { continue }
      lines.append(
        CSVText.row([
          CSVText.cell(node.id), CSVText.cell(declaration.base),
          CSVText.cell(declaration.model.map { graph.nodes[$0].id } ?? ""),
          CSVText.cell(edge.map { graph.nodes[$0.source].id } ?? ""), declaration.agreement?.rawValue ?? "",
          edge.map { "\($0.support)" } ?? "",
        ]))
    }
    return lines.count > 1 ? lines.joined(separator: "\n") + "\n" : nil
  }
}
