internal import Core
internal import Foundation
public import Lineage
public import System

/// The forms in which a forest can be written.
public enum TreeFormat: String, Sendable, CaseIterable {
  case text, json, newick, nhx, dot, graphml, mermaid, csv, modelcard, svg

  /// The file of a run directory that holds the form; nil for what is made on request alone.
  public var fileName: String? {
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

  public func render(_ forest: Forest) -> String {
    switch self {
    case .text: TextTree.render(forest)
    case .json: JSONTree.render(forest)
    case .newick: Newick.render(forest)
    case .nhx: Newick.render(forest, annotated: true)
    case .dot: GraphvizDot.render(forest)
    case .graphml: GraphML.render(forest)
    case .mermaid: Mermaid.render(forest)
    case .csv: EdgeTable.render(forest)
    case .modelcard: ModelCards.render(forest)
    case .svg: VectorImage.render(forest)
    }
  }

  /// The SVG picture.
  public static func picture(_ forest: Forest, lengths: EdgeLengths) -> String {
    VectorImage.render(forest, lengths: lengths)
  }

  /// Writes every form that has a file into a run directory.
  ///
  /// - Returns: the paths, in order.
  public static func writeAll(_ forest: Forest, to folder: String) throws(Failure) -> [String] {
    var paths: [String] = []
    for format in allCases {
      guard let name = format.fileName else { continue }
      try AtomicFile.write(format.render(forest), to: "\(folder)/\(name)")
      paths.append("\(folder)/\(name)")
    }
    return paths
  }
}
