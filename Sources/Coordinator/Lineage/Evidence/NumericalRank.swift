internal import Core
internal import Encodings
internal import Spectra

/// Ranks of differences of stored weights.
enum NumericalRank {
  /// Singular values of the difference of two models in a submatrix that are above the noise of
  /// rounding; see `EdgeRanks`. `a` and `b` are the unit roundoffs of their types.
  static func of(_ block: SampleBlock, _ i: Int, rounding a: Double, _ j: Int, rounding b: Double) -> Int {
    let shape = block.shape
    let (first, second) = (i * shape.count, j * shape.count)
    var noise = 0.0
    for p in 0..<shape.count {
      let (x, y) = (Double(block.values[first + p]), Double(block.values[second + p]))
      noise += Encoding.roundingSquares * (a * a * x * x + b * b * y * y)
    }
    let sigma = (noise / Double(shape.count)).squareRoot()
    let edge = 2 * sigma * (Double(shape.rows).squareRoot() + Double(shape.columns).squareRoot())
    let difference = (0..<shape.count).map {
      Double(block.values[first + $0]) - Double(block.values[second + $0])
    }
    return SingularValues.squares(difference, shape: shape).count { $0 > edge * edge }
  }
}
