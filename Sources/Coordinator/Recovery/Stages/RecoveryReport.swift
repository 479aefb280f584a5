internal import Core
package import Graph
package import Reports

/// What a recovery ends with: the graph, how it compares with a known one, and the files that hold it.
package struct RecoveryReport: Sendable {
  /// The run directory.
  package let directory: String
  package let tree: TreeReport
  /// nil without a truth file.
  package let evaluation: Evaluation?
  /// Wall time of this session.
  package let seconds: Double
  /// Paths of everything that was written, for people and for programs.
  package let files: [String]
  /// Path of the page to open in a browser.
  package var page: String { "\(directory)/tree.html" }
}
