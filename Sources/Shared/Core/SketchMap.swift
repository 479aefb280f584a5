internal import System

/// How a matrix W is pressed into a small one, S = Psi^T W Omega, the same way in all models.
///
/// S is linear in W and a sum over rows, so it shards, and S(W) - S(V) is the sketch of W - V: it has
/// the same rank, if that is below the sides of S. Psi and Omega are sparse: a row of W goes, with
/// random signs, into four of the sketch's rows, a column into four of its columns (sparse embeddings,
/// Clarkson and Woodruff 2013; Nelson and Nguyen 2013). With one instead of four, matrices that live in
/// few rows or columns lose rank where two of these meet. Columns go in blocks as wide as the sketch,
/// each turned by a random number, so that a row is folded by plain vector additions. A side that is
/// not longer than the sketch's is kept as it is.
public struct SketchMap: Sendable {
  /// Places that a row or a column goes to.
  public static let copies = 4

  public let shape: SampleShape
  /// Of the tensor.
  public let columns: Int
  /// What the sums are multiplied by in the end, so that the sum of squares is kept in the mean.
  public let scale: Double
  private let isRowExact: Bool
  private let isColumnExact: Bool
  private let seed: UInt64
  /// copies x columns, each 1 or -1.
  public let signs: [Float]
  /// copies x blocks of columns.
  private let turns: [Int]

  /// - Parameters:
  ///   - tensor: shape of the tensor; the map is a function of the two shapes alone.
  ///   - shape: of the sketch, not larger than the tensor as a matrix.
  public init(tensor: TensorShape, shape: SampleShape) {
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

  public var columnCopies: Int { isColumnExact ? 1 : Self.copies }

  /// Calls `body` for each stretch of `part` that lies side by side in the sketch.
  ///
  /// - Parameter part: columns of the tensor.
  public func eachStretch(
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

  /// Calls `body` for each place that a row goes to.
  public func eachPlace(ofRow row: Int, _ body: (_ target: Int, _ sign: Double) -> Void) {
    guard !isRowExact else { return body(row, 1) }
    var random = RandomStream(seed: seed ^ UInt64(row) &* 0xff51_afd7_ed55_8ccd)
    for _ in 0..<Self.copies {
      let word = random.next()
      body(Int(((word >> 32) * UInt64(shape.rows)) >> 32), word & 1 == 0 ? 1 : -1)
    }
  }

  /// Bytes that sketching takes: the sums, twice as doubles and in answers on their way out, a folded row
  /// per model, the signs.
  public static func bytes(_ shape: SampleShape, columns: Int, models: Int) -> Int {
    models * 8 * (3 * shape.count + copies * shape.columns) + 4 * copies * columns
  }
}
