internal import Core

extension Events {
  /// Records the models that are others, rounded to a coarser encoding: their order is beyond doubt, and only what they
  /// were rounded from can be their parent.
  mutating func add(_ copies: QuantizedCopies, _ families: FamilyGroups) {
    for (number, family) in families.families.enumerated() {
      for copy in family.distinct {
        let sources = copies.sources(of: copy, among: family.distinct)
        guard !sources.isEmpty else { continue }
        for source in sources { setCertain(first: source, second: copy) }
        self.sources[copy] = sources
        // An error of rounding is no share of another model.
        merges[number].removeAll { $0.child == copy }
      }
    }
  }
}
