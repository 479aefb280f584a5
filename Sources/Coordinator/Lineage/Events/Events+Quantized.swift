internal import Core

extension Events {
  /// Records the models that are others, rounded to a coarser encoding: their order is beyond doubt, and only what they
  /// were rounded from can be their parent. Likewise models of which only a part can be compared, and that equals
  /// another's.
  mutating func add(
    _ copies: QuantizedCopies, _ families: FamilyGroups, _ scope: Scope, unread: Set<Int>, partial: Set<Int>
  ) {
    for (number, family) in families.families.enumerated() {
      for copy in family.distinct {
        let equal = family.distinct.filter { copies.provesKinship($0, copy) && $0 != copy }
        let whole = equal.filter { !partial.contains($0) }
        let sources = copies.sources(of: copy, among: family.distinct)
        // What is seen in part, or too coarsely, is no mean of others.
        if !sources.isEmpty || !equal.isEmpty && (unread.contains(copy) || partial.contains(copy)) {
          merges[number].removeAll { $0.child == copy }
        }
        if !sources.isEmpty {
          addCopy(copy, of: sources, copies, family)
        } else if unread.contains(copy), !whole.isEmpty {
          self.sources[copy] = copies.equals(of: copy, among: whole)
          addPart(copy, of: self.sources[copy] ?? [], family)
        } else if partial.contains(copy) {
          let alike = whole.filter { !scope.sharesLinear($0, copy) && copies.identicalShare($0, copy) == 1 }
          guard !alike.isEmpty else { continue }
          partsOf[copy] = copies.equals(of: copy, among: alike)
          addPart(copy, of: partsOf[copy] ?? [], family)
        }
      }
    }
    closed = closed.filter { self.sources[$0.child]?.contains($0.parent) != true }
  }

  private mutating func addCopy(
    _ copy: Int, of sources: [Int], _ copies: QuantizedCopies, _ family: FamilyGroups.Family
  ) {
    self.sources[copy] = sources
    for source in sources { setCertain(first: source, second: copy) }
    // What was trained from a copy is nearer to it than to its source; all others do not come from the copy.
    for other in family.distinct where other != copy && !sources.contains(other) {
      let nearness = sources.map { copies.relativeDistance(copy, other) / copies.relativeDistance($0, other) }
      if nearness.allSatisfy({ $0 < Self.clearlyNearer }) {
        setCertain(first: copy, second: other)
      } else if !sources.allSatisfy({ copies.isNearer(other, toCopy: copy, thanTo: $0) }) {
        closed.insert(Edge(parent: copy, child: other))
      }
    }
  }

  /// Squared distance from a copy over that from its source.
  private static let clearlyNearer = 0.5

  /// What is seen of a part says less of others than all of its source does.
  private mutating func addPart(_ part: Int, of sources: [Int], _ family: FamilyGroups.Family) {
    for source in sources { setCertain(first: source, second: part) }
    for other in family.distinct where other != part { closed.insert(Edge(parent: part, child: other)) }
  }
}
