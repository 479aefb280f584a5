internal import Core
internal import Graph
internal import System

extension AlignmentFacts {
  /// What was undone and what speaks for it, for people.
  var lines: [String] {
    (kept.map(keptLines) ?? [undone]) + [
      "  witness: \(agreements) of \(counted(units, "unit")) are the same by separate maps, \(AnswerText.probability(probability)) if unrelated;"
        + " cosine of maps that nothing was fitted to \(AnswerText.number(likeness)) (strangers: 0)"
    ]
  }

  private var undone: String {
    "compared in the coordinates of \(reference.printable), after undoing: \(transform.map(\.rawValue).joined(separator: ", "))"
  }

  /// Which part of the wider model a narrower one is.
  private func keptLines(_ kept: KeptWidth) -> [String] {
    func line(_ part: KeptWidth.Part, _ what: String) -> String? {
      guard part.kept < part.of else { return nil }
      let which = part.which.map { ": \(Self.shortened($0.printable))" } ?? ""
      return "  \(part.kept) of \(part.of) \(what)\(which)"
    }
    let parts = [
      line(kept.hidden, "coordinates of the residual stream"), line(kept.units, "units of MLPs"),
      line(kept.heads, "heads"), line(kept.layers, "layers"),
    ].compactMap(\.self)
    let rest = transform.filter { $0 != .width }.map(\.rawValue)
    let also = rest.isEmpty ? "" : ", after undoing: \(rest.joined(separator: ", "))"
    return [
      "compared with what it has kept of \(reference.printable) and others of its width\(also): \(kept.weights.kept) of \(kept.weights.of) weights"
    ] + parts
  }

  /// `tree.json` has all.
  private static func shortened(_ text: String) -> String {
    text.count > longest ? "\(text.prefix(longest)) ..." : text
  }

  private static let longest = 200
}
