package import Registry
package import Reports
internal import System

/// A scan, and what the weights themselves say of its candidates.
package struct ExactScan: Sendable, Encodable {
  package var scan: ScanAnswer
  /// With the candidates whose weights are at hand, the likeliest first.
  package var comparisons: [PairVerdict] = []
  /// Candidates whose weights are not where they were.
  package var missing: [ScanAnswer.Reference] = []

  package var json: String { JSONText.answer(self) }

  package var text: String {
    var parts = [scan.text] + comparisons.map { "by the weights: \($0.text)" }
    if !missing.isEmpty {
      parts.append(
        "not compared, since the weights are not where they were:\n"
          + missing.map { "  \($0.id.printable): \($0.path.printable)\n" }.joined())
    }
    return parts.joined(separator: "\n")
  }
}
