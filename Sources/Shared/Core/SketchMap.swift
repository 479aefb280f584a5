internal import System

/// How a matrix W is compressed into a small one, S = Psi^T W Omega, in the same way for all models.
///
/// S is linear in W and a sum over rows, so shards can be added, and S(W) - S(V) is the sketch of W - V: it has the
/// same rank, provided that is below the sides of S. Psi and Omega are sparse: each row of W is added, with random
/// signs, to four rows of the sketch, each column to four of its columns (sparse embeddings, Clarkson and Woodruff
/// 2013; Nelson and Nguyen 2013). With one target instead of four, matrices that are nonzero in few rows or columns
/// would lose rank where two of these collide. Columns are taken in blocks as wide as the sketch, each rotated by a
/// random amount, so that folding a row takes only vector additions. A side that is not longer than that of the sketch
/// is kept unchanged.
package struct SketchMap: Sendable {
  /// Number of targets of a row or a column.
  package static let copies = 4

  package let shape: SampleShape
  /// Of the tensor.
  package let columns: Int
  /// Final factor of the sums, chosen so that the expected sum of squares is preserved.
  package let scale: Double
  private let isRowExact: Bool
  private let isColumnExact: Bool
  private let seed: UInt64
  /// copies x columns, each 1 or -1.
  package let signs: [Float]
  /// copies x blocks of columns.
  private let turns: [Int]

  /// - Parameters:
  ///   - tensor: shape of the tensor; the map is a function of the two shapes alone.
  ///   - shape: of the sketch, not larger than the tensor as a matrix.
  package init(tensor: TensorShape, shape: SampleShape) {
    self.shape = shape
    columns = tensor.columns
    isRowExact = tensor.rows <= shape.rows
    isColumnExact = columns <= shape.columns
    scale = (isRowExact ? 1 : 0.5) * (isColumnExact ? 1 : 0.5)
    var print = Fingerprint()
    print.add("sketch \(tensor.rows) \(columns) \(shape.rows) \(shape.columns)")
    seed = print.value
    var random = RandomStream(seed: print.value)
    let blocks = (columns + shape.columns - 1) / max(1, shape.columns)
    guard !isColumnExact else {
      signs = Array(repeating: 1, count: columns)
      turns = Array(repeating: 0, count: blocks)
      return
    }
    signs = (0..<Self.copies * columns).map { _ in Bool.random(using: &random) ? 1 : -1 }
    turns = (0..<Self.copies * blocks).map { _ in Int.random(in: 0..<shape.columns, using: &random) }
  }

  package var columnCopies: Int { isColumnExact ? 1 : Self.copies }

  /// Calls `body` for each stretch of `part` that is contiguous in the sketch.
  ///
  /// - Parameters:
  ///   - part: columns of the tensor.
  ///   - copy: which of the targets, below `columnCopies`.
  ///   - body: gets the first column of the stretch, its target column, and its length.
  package func eachStretch(
    _ part: Range<Int>, copy: Int, _ body: (_ column: Int, _ target: Int, _ count: Int) -> Void
  ) {
    let width = shape.columns
    let blocks = (columns + width - 1) / width
    var column = part.lowerBound
    while column < part.upperBound {
      let block = column / width
      let target = (column % width + turns[copy * blocks + block]) % width
      let count = min(part.upperBound - column, (block + 1) * width - column, width - target)
      body(column, target, count)
      column += count
    }
  }

  /// Calls `body` for each target row of a row, with its sign.
  package func eachPlace(ofRow row: Int, _ body: (_ target: Int, _ sign: Double) -> Void) {
    guard !isRowExact else { return body(row, 1) }
    var random = RandomStream(seed: seed ^ UInt64(row) &* 0xff51_afd7_ed55_8ccd)
    for _ in 0..<Self.copies {
      let word = random.next()
      body(Int(((word >> 32) * UInt64(shape.rows)) >> 32), word & 1 == 0 ? 1 : -1)
    }
  }

  /// Bytes that sketching needs: the sums as doubles and in two answers being sent, a folded row per model, and the
  /// signs.
  package static func bytes(_ shape: SampleShape, columns: Int, models: Int) -> Int {
    models * 8 * (3 * shape.count + copies * shape.columns) + 4 * copies * columns
  }
}
