internal import Core

/// Is one model the other with some of its weights set to zero, and nothing else?
///
/// Decided weight by weight. No training brings single weights of a row back from zero while it leaves all others as
/// they are, so the order is beyond doubt. Rows that are zero as a whole do not count: they may have been waiting for
/// training.
struct PruningTally: Sendable {
  /// Weights of the first that are zero in the second, in rows of which others are kept; and the other way around.
  private var zeroed = SIMD2<Int32>.zero
  private var isPossible = (forward: true, backward: true)

  /// Fewer zeros prove nothing.
  private static let fewest = 64

  /// 1: the second is the first, pruned; -1: the other way around; 0: neither.
  var verdict: Int {
    if isPossible.forward, zeroed[0] >= Self.fewest { return 1 }
    return isPossible.backward && zeroed[1] >= Self.fewest ? -1 : 0
  }

  /// - Parameters:
  ///   - i: place of the first model in the block; `j` of the second.
  mutating func add(_ block: SampleBlock, _ i: Int, _ j: Int) {
    guard isPossible.forward || isPossible.backward else { return }
    let (first, second) = (block.values(of: i), block.values(of: j))
    for row in 0..<block.shape.rows {
      var own = SIMD2<Int32>.zero
      var isKept = false
      let start = row * block.shape.columns
      for column in start..<start + block.shape.columns {
        let (x, y) = (first[first.startIndex + column], second[second.startIndex + column])
        if x == y {
          isKept = isKept || x != 0
          continue
        }
        if y == 0 { own[0] &+= 1 } else { isPossible.forward = false }
        if x == 0 { own[1] &+= 1 } else { isPossible.backward = false }
        guard isPossible.forward || isPossible.backward else { return }
      }
      if isKept { zeroed &+= own }
    }
  }
}
