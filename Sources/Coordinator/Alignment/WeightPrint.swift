internal import Core
internal import Storage
internal import System

/// A few weights of a tensor, by which it is recognized under another name: a run in the middle of all its numbers and,
/// of a matrix, a square in its middle, which a transposition leaves there.
struct WeightPrint {
  /// Both scaled to length 1; empty where there is nothing to compare.
  private let run: [Float]
  private let square: [Float]
  /// The run as it is stored.
  private let values: [Float]

  private static let side = 16
  /// Numbers of a run.
  private static let length = 256

  init(_ tensor: StoredTensor) throws(Failure) {
    let count = min(Self.length, tensor.shape.elements)
    values = try tensor.values(from: (tensor.shape.elements - count) / 2, count: count)
    run = Self.scaled(values)
    let (rows, columns) = (tensor.shape.rows, tensor.shape.columns)
    guard tensor.shape.rank == 2, min(rows, columns) >= Self.side else {
      square = []
      return
    }
    func middle(_ extent: Int) -> [Int] { Array((extent - Self.side) / 2..<(extent - Self.side) / 2 + Self.side) }
    square = Self.scaled(try tensor.weights(rows: middle(rows), columns: middle(columns)))
  }

  private static func scaled(_ values: [Float]) -> [Float] {
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 && length.isFinite ? values.map { $0 / length } : []
  }

  /// Cosine of the runs: 1 for the same numbers in the same order, whatever the shapes.
  func likeness(_ other: WeightPrint) -> Float { Self.product(run, other.run) }

  /// As `likeness`, of vectors: the mean, which all gains of norms share, does not count; equal ones are alike.
  func vectorLikeness(_ other: WeightPrint) -> Float {
    if values == other.values { return 1 }
    return Self.product(Self.centered(values), Self.centered(other.values))
  }

  private static func centered(_ values: [Float]) -> [Float] {
    let mean = values.reduce(0, +) / Float(max(1, values.count))
    return scaled(values.map { $0 - mean })
  }

  /// Cosine of this square and the other's transposed.
  func turnedLikeness(_ other: WeightPrint) -> Float {
    guard square.count == other.square.count, !square.isEmpty else { return 0 }
    let side = Self.side
    var sum: Float = 0
    for row in 0..<side {
      for column in 0..<side { sum += square[row * side + column] * other.square[column * side + row] }
    }
    return sum
  }

  private static func product(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } : 0
  }
}
