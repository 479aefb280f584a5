/// Models that hold tensors of their parent and tensors of another relative, bit for bit, which these two do not have in
/// common: layers of both were put together, or one of the three was trained in stages. Which, the tensors do not say.
package struct Patchworks {
  private let copies: QuantizedCopies

  /// Tensors below which equality may be chance: vectors that training hardly moves.
  private static let fewest = 3

  package init(_ copies: QuantizedCopies) { self.copies = copies }

  /// - Parameters:
  ///   - parents: per model; nil for roots.
  ///   - families: only members of one family are compared.
  ///   - excluded: models that are known to be copies or merges.
  /// - Returns: those of the models that have a parent.
  package func run(parents: [Int?], _ families: FamilyGroups, excluded: (Int) -> Bool) -> Set<Int> {
    var found: Set<Int> = []
    for family in families.families {
      for child in family.distinct where !excluded(child) {
        guard let parent = parents[child] else { continue }
        let ofParent = copies.identicalTensors(parent, child)
        guard ofParent >= Self.fewest else { continue }
        let isPatched = family.distinct.contains { other in
          guard other != child, other != parent, !excluded(other) else { return false }
          let common = copies.identicalTensors(parent, other)
          return ofParent - common >= Self.fewest && copies.identicalTensors(other, child) - common >= Self.fewest
        }
        if isPatched { found.insert(child) }
      }
    }
    return found
  }
}
