internal import Core

extension Events {
  /// Records the models that are others, rounded to a coarser encoding: their order is beyond doubt, and only what they
  /// were rounded from can be their parent.
  ///
  /// - Parameter unread: models with quantized weights that are not read; what is left of them says what they were made
  ///   from.
  mutating func add(_ copies: QuantizedCopies, _ families: FamilyGroups, unread: Set<Int>) {
    for (number, family) in families.families.enumerated() {
      for copy in family.distinct {
        // What equals another model is no mean of others.
        if family.distinct.contains(where: { $0 != copy && copies.provesKinship($0, copy) }) {
          merges[number].removeAll { $0.child == copy }
        }
        var sources = copies.sources(of: copy, among: family.distinct)
        if sources.isEmpty, unread.contains(copy) {
          sources = copies.equals(of: copy, among: family.distinct.filter { !unread.contains($0) })
        }
        guard !sources.isEmpty else { continue }
        for source in sources { setCertain(first: source, second: copy) }
        self.sources[copy] = sources
        // What was trained from a copy is nearer to it than to its source; all others do not come from the copy.
        for other in family.distinct where other != copy && !sources.contains(other) {
          let isNearer = sources.allSatisfy {
            copies.relativeDistance(copy, other) < copies.relativeDistance($0, other)
          }
          if !isNearer { closed.insert(Edge(parent: copy, child: other)) }
        }
        // An error of rounding is no share of another model.
        merges[number].removeAll { $0.child == copy }
      }
    }
  }
}
