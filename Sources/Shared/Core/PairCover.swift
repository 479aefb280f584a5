/// Which pairs of many models are compared where not all are, and how far apart the others are by samples.
package struct PairCover: Sendable, Equatable {
  /// Models that are compared with each other, all pairs of a block: ascending, by place among the models in question.
  /// Every model is in one block at least, and may be in more.
  package let blocks: [[Int]]
  /// Of all pairs.
  package let estimates: PairEstimates

  package init(blocks: [[Int]], estimates: PairEstimates) {
    self.blocks = blocks
    self.estimates = estimates
  }

  /// Pairs that some block has, each counted once.
  package var pairs: Int {
    let index = PairIndex(estimates.n)
    var isCovered = Array(repeating: false, count: index.count)
    for block in blocks {
      PairIndex(block.count).forEach { _, a, b in isCovered[index(block[a], block[b])] = true }
    }
    return isCovered.count { $0 }
  }
}

/// How far apart models are by samples of their weights, up to a factor that is the same for all pairs.
package struct PairEstimates: Sendable, Equatable {
  /// Models.
  package let n: Int
  /// By `PairIndex`; NaN where nothing is known.
  private let values: [Float]

  /// - Parameter distances: n x n, symmetric; NaN where nothing is known.
  package init(_ distances: SquareMatrix) {
    n = distances.n
    var values: [Float] = []
    values.reserveCapacity(PairIndex(n).count)
    PairIndex(n).forEach { _, i, j in values.append(Float(distances[i, j])) }
    self.values = values
  }

  /// Of two models; 0 of a model and itself.
  package subscript(i: Int, j: Int) -> Float { i == j ? 0 : values[PairIndex(n)(min(i, j), max(i, j))] }
}
