internal import System

/// Chooses the block of a linear map whose singular spectrum is computed, the same one in all models.
///
/// A matrix no larger than the block is used whole. For a larger one, random rows and a range of columns show how its
/// energy is distributed over the spectrum, at a cost that does not grow with the matrix.
package enum SpectrumGrid {
  /// Number of parts of the spectrum whose energies are kept.
  package static let bands = 8

  /// A block has up to four times as many rows as columns, or columns as rows.
  private static let elongation = 4

  /// Candidates for the shorter side.
  private static let sides = [384, 256, 192, 128, 96, 64]

  /// The longest of them.
  package static let largestSide = sides.max() ?? 0

  /// Limit for the blocks of all models in one thread of a worker, in bytes.
  private static let memory = 64 << 20

  /// The shorter side of the blocks of a collection; every `every`-th linear map gets one.
  package struct Choice: Sendable, Equatable {
    package let side: Int
    package let every: Int
  }

  /// The largest block that fits into memory and costs only part of the time for reading: per model, a twentieth of a
  /// second, or half the time of reading it from memory if that is longer.
  ///
  /// - Parameters:
  ///   - shapes: of the linear maps.
  ///   - models: of the collection.
  package static func choice(_ shapes: [TensorShape], models: Int) -> Choice {
    let weights = shapes.reduce(0) { $0 + $1.elements }
    let budget = max(0.05, 0.5 * Double(weights) * 4 / 8e9)
    for side in sides where models * bytes(side) <= memory || side == sides.last {
      let seconds = shapes.reduce(0.0) { $0 + cost($1, side) }
      if seconds <= budget { return Choice(side: side, every: 1) }
      if side == sides.last {
        return Choice(side: side, every: max(1, Int((seconds / budget).rounded(.up))))
      }
    }
    return Choice(side: 0, every: 1)
  }

  /// Upper bound of the bytes of one model's block, held as floats.
  package static func bytes(_ side: Int) -> Int { elongation * side * side * 4 }

  /// Seconds for one block, as measured; proportional to side^3.
  private static func cost(_ shape: TensorShape, _ side: Int) -> Double {
    let short = Double(min(side, shape.rows, shape.columns))
    return 3.2e-10 * short * short * short
  }

  /// Upper bound of the bytes of one model's block of a tensor of this shape.
  static func bytes(_ side: Int, of shape: TensorShape) -> Int {
    let long = elongation * side
    let wide = min(shape.rows, side) * min(shape.columns, long)
    let tall = min(shape.rows, long) * min(shape.columns, side)
    return 4 * max(wide, tall)
  }

  /// The block of a shard, determined by the arguments alone.
  ///
  /// - Parameters:
  ///   - columns: of the tensor.
  ///   - coordinates: of the shard; whole rows.
  ///   - side: the shorter one.
  package static func place(columns: Int, coordinates: Range<Int>, side: Int) -> SampleGrid.Place? {
    guard side > 0, columns > 0 else { return nil }
    let first = (coordinates.lowerBound + columns - 1) / columns
    let rows = coordinates.upperBound / columns - first
    guard rows > 0 else { return nil }
    let isWide = columns >= rows
    let height = min(rows, isWide ? side : elongation * side)
    let width = min(columns, isWide ? elongation * side : side)
    var random = RandomStream(seed: UInt64(columns) &* 0x9e37_79b9 &+ UInt64(coordinates.lowerBound))
    let left = Int.random(in: 0...columns - width, using: &random)
    let chosen = SampleGrid.draw(height, of: rows, &random)
    return SampleGrid.Place(rows: chosen.map { first + $0 }, columns: Array(left..<left + width))
  }
}
