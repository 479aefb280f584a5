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

  /// Reads a run's `tree.json`.
  ///
  /// - Throws: `Failure` (bad input): missing, or not a sound tree; the message names the node or edge.
  package init(path: String) throws(Failure) { self = try TreeDocument.read(path) }
}
