package import Core

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
