internal import System

/// The extents of a submatrix whose weights are kept.
package struct SampleShape: Sendable, Hashable, Codable {
  package let rows: Int
  package let columns: Int

  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  package var count: Int { rows * columns }
}

/// One submatrix of a tensor, the same one in all models.
package struct SampleBlock: Sendable, Equatable {
  package let shape: SampleShape
  /// models x rows x columns.
  package var values: [Float]

  package init(shape: SampleShape, models: Int) {
    self.init(shape: shape, values: Array(repeating: 0, count: models * shape.count))
  }

  /// - Parameters:
  ///   - shape: of the submatrix.
  ///   - values: models x rows x columns.
  package init(shape: SampleShape, values: [Float]) {
    self.shape = shape
    self.values = values
  }

  /// Adds further rows of the same columns.
  mutating func append(_ next: SampleBlock, models: Int) {
    precondition(next.shape.columns == shape.columns, "rows of \(next.shape.columns) and \(shape.columns) weights")
    guard next.shape.rows > 0 else { return }
    let rows = SampleShape(rows: shape.rows + next.shape.rows, columns: shape.columns)
    self = SampleBlock(shape: rows, values: (0..<models).flatMap { values(of: $0) + next.values(of: $0) })
  }

  /// One model's submatrix, row-major.
  package func values(of model: Int) -> ArraySlice<Float> {
    values[model * shape.count..<(model + 1) * shape.count]
  }
}

/// Chooses the weights of a linear map that are kept: submatrices of random rows and columns, the same ones for all
/// models.
///
/// A submatrix of a difference is the difference of the submatrices. So a few thousand weights per tensor reveal
/// singular values of weights and of differences, ranks, and rounding, at a cost that does not grow with the tensor.
/// All rows of a submatrix belong to one shard.
package enum SampleGrid {
  /// Rows and columns of a submatrix, if the tensor has as many.
  package static let side = 64

  /// A matrix with fewer rows or columns is too small to be informative.
  package static let smallest = 8

  /// Maximum number of submatrices of one tensor.
  package static let most = 8

  /// One submatrix: the rows counted from the start of the tensor.
  package struct Place: Sendable {
    package let rows: [Int]
    package let columns: [Int]
    package var shape: SampleShape { SampleShape(rows: rows.count, columns: columns.count) }

    /// The rows of it that lie in part of the tensor.
    ///
    /// - Parameters:
    ///   - coordinates: whole rows.
    ///   - total: columns of the tensor.
    package func within(_ coordinates: Range<Int>, columns total: Int) -> Place {
      Place(rows: rows.filter { coordinates.contains($0 * total) }, columns: columns)
    }
  }

  /// Sufficient number of submatrices of all tensors together, at 16 KiB each.
  private static let enough = 256

  /// When there are many linear maps, only every k-th is sampled, so that a model's samples stay at a few megabytes
  /// however small the maps are.
  ///
  /// - Returns: k.
  package static func every(linearTensors: Int) -> Int { (linearTensors + enough - 1) / enough }

  /// Submatrices of all models together that a shard may keep, beyond one of each model: 2 MiB.
  private static let enoughOfShard = 128

  /// Number of submatrices of each sampled tensor of a plan.
  package static func count(linearTensors: Int, models: Int, shape: TensorShape) -> Int {
    guard min(shape.rows, shape.columns) >= smallest else { return 0 }
    if shape.rows <= side, shape.columns <= side { return 1 }
    return max(1, min(most, enough / max(1, linearTensors), enoughOfShard / max(1, models)))
  }

  /// How many of `count` submatrices each shard gets: distributed as evenly as possible.
  package static func spread(_ count: Int, over shards: Int) -> [Int] {
    var counts = Array(repeating: 0, count: shards)
    for k in 0..<count where shards > 0 {
      counts[shards >= count ? k * shards / count : k % shards] += 1
    }
    return counts
  }

  /// The submatrices of a shard, determined by the arguments alone.
  ///
  /// - Parameters:
  ///   - columns: of the tensor.
  ///   - coordinates: of the shard; whole rows.
  ///   - count: submatrices.
  package static func places(columns: Int, coordinates: Range<Int>, count: Int) -> [Place] {
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
  package static func shapes(columns: Int, coordinates: Range<Int>, count: Int) -> [SampleShape] {
    guard count > 0, columns > 0 else { return [] }
    let first = (coordinates.lowerBound + columns - 1) / columns
    let shape = SampleShape(
      rows: min(side, max(0, coordinates.upperBound / columns - first)), columns: min(side, columns))
    return Array(repeating: shape, count: count)
  }

  /// Distinct numbers below `total`, ascending (Floyd's algorithm, Bentley 1987).
  static func draw(_ count: Int, of total: Int, _ random: inout RandomStream) -> [Int] {
    var chosen: Set<Int> = []
    for last in (total - count)..<total {
      let candidate = Int.random(in: 0...last, using: &random)
      if !chosen.insert(candidate).inserted { chosen.insert(last) }
    }
    return chosen.sorted()
  }
}
