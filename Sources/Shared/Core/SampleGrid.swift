internal import System

/// Rows and columns of a submatrix that is kept as it is.
public struct SampleShape: Sendable, Hashable, Codable {
  public let rows: Int
  public let columns: Int

  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  public var count: Int { rows * columns }
}

/// The same submatrix of one tensor in all models.
public struct SampleBlock: Sendable, Equatable {
  public let shape: SampleShape
  /// models x rows x columns.
  public var values: [Float]

  public init(shape: SampleShape, models: Int) {
    self.init(shape: shape, values: Array(repeating: 0, count: models * shape.count))
  }

  /// - Parameter values: models x rows x columns.
  public init(shape: SampleShape, values: [Float]) {
    self.shape = shape
    self.values = values
  }

  /// One model's submatrix, row-major.
  public func values(of model: Int) -> ArraySlice<Float> {
    values[model * shape.count..<(model + 1) * shape.count]
  }
}

/// Which weights of a linear map are kept as they are: submatrices of random rows and columns, the
/// same ones for all models.
///
/// A submatrix of a difference is the difference of the submatrices, so a few thousand weights per
/// tensor tell about singular values of weights and of differences, about ranks and about rounding,
/// at a cost that does not grow with the tensor. Rows of a submatrix lie in one shard.
public enum SampleGrid {
  /// Rows and columns of a submatrix, where the tensor has as many.
  public static let side = 64

  /// Below so many rows or columns a matrix is too small to tell anything.
  public static let smallest = 8

  /// The most submatrices of one tensor.
  public static let most = 8

  /// One submatrix: the rows counted from the start of the tensor.
  public struct Place: Sendable {
    public let rows: [Int]
    public let columns: [Int]
    public var shape: SampleShape { SampleShape(rows: rows.count, columns: columns.count) }
  }

  /// Submatrices of all tensors together that are enough, at 16 KiB each.
  private static let enough = 256

  /// Of many linear maps every so manieth is sampled, so that a model's samples stay at a few megabytes
  /// however small the maps are.
  public static func every(linearTensors: Int) -> Int { (linearTensors + enough - 1) / enough }

  /// Submatrices of all models together that a shard may keep, beside one of each model: 2 MiB.
  private static let enoughOfShard = 128

  /// Submatrices of each sampled tensor of a plan.
  public static func count(linearTensors: Int, models: Int, shape: TensorShape) -> Int {
    guard min(shape.rows, shape.columns) >= smallest else { return 0 }
    if shape.rows <= side, shape.columns <= side { return 1 }
    return max(1, min(most, enough / max(1, linearTensors), enoughOfShard / max(1, models)))
  }

  /// How many of `count` submatrices lie in each of the shards: spread as evenly as they go.
  public static func spread(_ count: Int, over shards: Int) -> [Int] {
    var counts = Array(repeating: 0, count: shards)
    for k in 0..<count where shards > 0 {
      counts[shards >= count ? k * shards / count : k % shards] += 1
    }
    return counts
  }

  /// The submatrices of a shard: a function of the numbers given alone.
  ///
  /// - Parameters:
  ///   - columns: of the tensor.
  ///   - coordinates: of the shard; whole rows.
  ///   - count: submatrices.
  public static func places(columns: Int, coordinates: Range<Int>, count: Int) -> [Place] {
    guard count > 0, columns > 0 else { return [] }
    let first = (coordinates.lowerBound + columns - 1) / columns
    let rows = coordinates.upperBound / columns - first
    var print = Fingerprint()
    print.add("samples \(columns) \(coordinates.lowerBound) \(coordinates.upperBound)")
    var random = RandomStream(seed: print.value)
    return (0..<count).map { _ in
      let chosen = draw(min(side, max(0, rows)), of: rows, &random)
      return Place(
        rows: chosen.map { first + $0 }, columns: draw(min(side, columns), of: columns, &random))
    }
  }

  /// The shapes of the submatrices that `places` draws.
  public static func shapes(columns: Int, coordinates: Range<Int>, count: Int) -> [SampleShape] {
    guard count > 0, columns > 0 else { return [] }
    let first = (coordinates.lowerBound + columns - 1) / columns
    let shape = SampleShape(
      rows: min(side, max(0, coordinates.upperBound / columns - first)), columns: min(side, columns))
    return Array(repeating: shape, count: count)
  }

  /// Distinct numbers below `total`, ascending (Floyd's way, Bentley 1987).
  static func draw(_ count: Int, of total: Int, _ random: inout RandomStream) -> [Int] {
    var chosen: Set<Int> = []
    for last in (total - count)..<total {
      let candidate = Int.random(in: 0...last, using: &random)
      if !chosen.insert(candidate).inserted { chosen.insert(last) }
    }
    return chosen.sorted()
  }
}
