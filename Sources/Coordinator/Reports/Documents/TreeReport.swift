package import Graph
package import System

/// What `tree.json` holds: the graph, and the recovery that it came from.
package struct TreeReport: Sendable, Equatable {
  package var graph: ModelGraph
  package var description: RunDescription

  package init(graph: ModelGraph, description: RunDescription) {
    self.graph = graph
    self.description = description
  }

  /// Reads the `tree.json` of a run directory, and checks that it is as the run wrote it.
  ///
  /// - Throws: `Failure` (bad input): missing, changed or damaged, or not a sound tree.
  package init(run: String) throws(Failure) {
    try ResultFile.check([Self.fileName], in: run)
    try self.init(path: "\(run)/\(Self.fileName)")
  }

  static let fileName = "tree.json"

  /// Reads a file as `tree.json` is.
  ///
  /// - Throws: `Failure` (bad input): missing, or not a sound tree; the message names the node or edge.
  package init(path: String) throws(Failure) { self = try TreeDocument.read(path) }
}
