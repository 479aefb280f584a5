package import Graph
package import System

/// The forms in which a graph can be written.
package enum TreeFormat: String, Sendable, CaseIterable {
  case text, json, newick, nhx, dot, graphml, mermaid, csv, modelcard, svg

  /// The file of a run directory that holds the form; nil for what is made on request alone.
  package var fileName: String? {
    switch self {
    case .text, .nhx, .modelcard, .svg: nil
    case .json: "tree.json"
    case .newick: "tree.nwk"
    case .dot: "tree.dot"
    case .graphml: "tree.graphml"
    case .mermaid: "tree.mmd"
    case .csv: "edges.csv"
    }
  }

  package func render(_ report: TreeReport) -> String {
    let graph = report.graph
    return switch self {
    case .text: TextTree.render(report)
    case .json: TreeDocument(report).text
    case .newick: Newick.render(graph)
    case .nhx: Newick.render(graph, annotated: true)
    case .dot: GraphvizDot.render(graph)
    case .graphml: GraphML.render(graph)
    case .mermaid: Mermaid.render(graph)
    case .csv: EdgeTable.render(graph)
    case .modelcard: ModelCards.render(graph)
    case .svg: VectorImage.render(graph)
    }
  }

  /// The SVG picture.
  package static func picture(_ graph: ModelGraph, lengths: EdgeLengths) -> String {
    VectorImage.render(graph, lengths: lengths)
  }

  /// Writes every form that has a file into a run directory.
  ///
  /// - Returns: the paths, in order.
  package static func writeAll(_ report: TreeReport, to folder: String) throws(Failure) -> [String] {
    var paths: [String] = []
    for format in allCases {
      guard let name = format.fileName else { continue }
      try AtomicFile.write(format.render(report), to: "\(folder)/\(name)")
      paths.append("\(folder)/\(name)")
    }
    return paths
  }
}
