internal import Checkpoints
internal import Core

/// How large the sketches of a collection are.
///
/// Matrices that fit are kept whole, larger ones are sketched with the longest side for which the
/// sketches of all models, shards and tensors stay below 4 GiB or a 128th of the weights, and those of
/// a shard below 256 MiB.
enum SketchSize {
  /// Of sketches for ranks of updates, and of square matrices that a published rule wants whole.
  private static let sides = [256, 192, 128, 96, 64, 48, 32, 16]
  private static let wholeSides = [1024, 768, 512, 384]
  private static let leastBudget = 4 << 30
  private static let shareOfWeights = 128
  private static let shardBudget = 256 << 20

  /// - Parameter isWhole: are matrices that are kept whole worth more than the time they take?
  static func apply(to tensors: inout [PlannedTensor], isWhole: Bool) {
    let chosen = tensors.indices.filter { tensors[$0].statistics.contains(.sketch) }
    guard !chosen.isEmpty else { return }
    let weights = chosen.reduce(0) { $0 + tensors[$1].bytes }
    let budget = max(leastBudget, weights / shareOfWeights)
    let sides = isWhole ? wholeSides + Self.sides : Self.sides
    let side = sides.first { side in
      var total = 0
      for index in chosen {
        let bytes = 4 * tensors[index].copies.count * shape(tensors[index].shape, side).count
        guard bytes <= shardBudget else { return false }
        total += bytes * ShardGeometry.ranges(of: tensors[index].shape).count
      }
      return total <= budget
    }
    for index in chosen { tensors[index].sketch = shape(tensors[index].shape, side ?? sides[sides.count - 1]) }
  }

  private static func shape(_ tensor: TensorShape, _ side: Int) -> SampleShape {
    SampleShape(rows: min(tensor.rows, side), columns: min(tensor.columns, side))
  }

  /// States up to which rank differences can be measured.
  static func notes(_ tensors: [PlannedTensor]) -> [Note] {
    let sketched = tensors.filter { tensor in
      guard let sketch = tensor.sketch else { return false }
      return sketch.rows < tensor.shape.rows && sketch.columns < tensor.shape.columns
    }
    guard let first = sketched.first, let side = first.sketch.map({ min($0.rows, $0.columns) }) else { return [] }
    return [
      Note(
        subject: "ranks",
        text:
          "\(sketched.count) matrices, as '\(first.name)', are sketched to \(side) rows or columns; differences of a higher rank than \(side * 7 / 8) count as that or a little more"
      )
    ]
  }
}
