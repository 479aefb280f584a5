internal import Core
internal import Spectra

/// How many directions a difference has: nuclear over Frobenius norm of the sampled submatrix.
enum Spread {
  /// Rows and columns that are looked at; more make the same trees.
  private static let side = 32

  /// The difference of two models scaled by `a` and `b`, in the first submatrix.
  ///
  /// - Returns: between 1 (rank one) and the root of the side; NaN where nothing differs.
  static func of(_ block: SampleBlock, _ i: Int, scale a: Double, _ j: Int, scale b: Double) -> Double {
    let shape = block.shape
    let rows = max(1, shape.rows / side)
    let columns = max(1, shape.columns / side)
    let part = SampleShape(rows: shape.rows / rows, columns: shape.columns / columns)
    let (first, second) = (i * shape.count, j * shape.count)
    var difference = (0..<part.count).map { p in
      let at = p / part.columns * rows * shape.columns + p % part.columns * columns
      return a * Double(block.values[first + at]) - b * Double(block.values[second + at])
    }
    var (nuclear, frobenius) = (0.0, 0.0)
    for square in SingularValues.squares(&difference, shape: part) {
      nuclear += square.squareRoot()
      frobenius += square
    }
    return frobenius > 0 ? nuclear / frobenius.squareRoot() : .nan
  }

  /// What the spread of a tensor's difference can be at most.
  static func largest(_ shape: TensorShape) -> Double {
    Double(min(side, shape.rows, shape.columns)).squareRoot()
  }
}
