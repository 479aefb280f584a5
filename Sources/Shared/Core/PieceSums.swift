/// The sums of pieces that come one after the other, added in the binary tree over them: like a binary counter, it
/// holds no more sums than the number of pieces has digits.
package struct PieceSums: Sendable {
  private var subtrees: [(count: Int, sums: Partial)] = []

  package init() {}

  package mutating func add(_ piece: Partial) {
    var (count, sums) = (1, piece)
    while let last = subtrees.last, last.count == count {
      var left = subtrees.removeLast().sums
      left.join(sums)
      (count, sums) = (2 * count, left)
    }
    subtrees.append((count, sums))
  }

  /// The sums of all pieces so far, where they are a subtree; nil before the first piece.
  package var total: Partial? { subtrees.count == 1 ? subtrees[0].sums : nil }
}
