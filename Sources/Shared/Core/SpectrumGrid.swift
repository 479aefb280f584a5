internal import System

/// The block of a linear map of which the singular spectrum is taken, the same one in all models.
///
/// A matrix that is not larger than the block is taken whole. Of a larger one, random rows and a run
/// of columns tell how its energy is spread over the spectrum, at a cost that does not grow with it.
public enum SpectrumGrid {
  /// Parts of the spectrum whose energies are told apart.
  public static let bands = 8

  /// A block has up to four times as many rows as columns, or columns as rows.
  private static let elongation = 4

  /// Shorter sides to choose from.
  private static let sides = [384, 256, 192, 128, 96, 64]

  /// What the blocks of all models may take in a worker's thread, in bytes.
  private static let memory = 64 << 20

  /// The shorter side of the blocks of a collection, and of how many linear maps one is looked at.
  public struct Choice: Sendable, Equatable {
    public let side: Int
    public let every: Int
  }

  /// As large as memory allows, and as a part of the time allows that reading takes: a twentieth of
  /// a second per model in any case, half the time of reading it from memory where that is more.
  ///
  /// - Parameters:
  ///   - shapes: of the linear maps.
  ///   - models: of the collection.
  public static func choice(_ shapes: [TensorShape], models: Int) -> Choice {
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

  /// Bytes of one model's block at most, held as floats.
  public static func bytes(_ side: Int) -> Int { elongation * side * side * 4 }

  /// Seconds of one block: measured, of the order of side^3.
  private static func cost(_ shape: TensorShape, _ side: Int) -> Double {
    let short = Double(min(side, shape.rows, shape.columns))
    return 3.2e-10 * short * short * short
  }

  /// Bytes that one model's block takes of a tensor of this shape at most.
  static func bytes(_ side: Int, of shape: TensorShape) -> Int {
    let long = elongation * side
    let wide = min(shape.rows, side) * min(shape.columns, long)
    let tall = min(shape.rows, long) * min(shape.columns, side)
    return 4 * max(wide, tall)
  }

  /// The block of a shard: a function of the numbers given alone.
  ///
  /// - Parameters:
  ///   - columns: of the tensor.
  ///   - coordinates: of the shard; whole rows.
  ///   - side: the shorter one.
  public static func place(columns: Int, coordinates: Range<Int>, side: Int) -> SampleGrid.Place? {
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
