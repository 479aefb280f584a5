/// The parts of one shard that are finished, added up as far as the tree over its pieces allows.
package struct FinishedParts<Sums> {
  private var held: [ShardPart: Sums] = [:]

  package init() {}

  /// Sums that are kept.
  package var count: Int { held.count }
  package var all: some Collection<Sums> { held.values }

  /// Takes in the sums of a part; those of parts of it are not needed any more.
  ///
  /// - Parameter join: adds the sums of the part that follows to those of a part.
  /// - Returns: the sums of the whole shard, when nothing is missing.
  package mutating func add(_ sums: Sums, of part: ShardPart, join: (inout Sums, Sums) -> Void) -> Sums? {
    held = held.filter { !part.contains($0.key) }
    var (part, sums) = (part, sums)
    while let neighbor = part.neighbor, let parent = part.parent, let other = held.removeValue(forKey: neighbor) {
      if neighbor.first < part.first {
        var left = other
        join(&left, sums)
        sums = left
      } else {
        join(&sums, other)
      }
      part = parent
    }
    guard !part.isWhole else { return sums }
    held[part] = sums
    return nil
  }
}
