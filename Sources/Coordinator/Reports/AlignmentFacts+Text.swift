internal import Graph
internal import System

extension AlignmentFacts {
  /// What was undone and what speaks for it, for people.
  var lines: [String] {
    [
      "compared in the coordinates of \(reference.printable), after undoing: \(transform.map(\.rawValue).joined(separator: ", "))",
      "  witness: \(agreements) of \(counted(units, "unit")) are the same by separate maps, \(AnswerText.probability(probability)) if unrelated;"
        + " cosine of maps that nothing was fitted to \(AnswerText.number(likeness)) (strangers: 0)",
    ]
  }
}
