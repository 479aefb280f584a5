internal import Core

/// Do two models agree in many single weights, and clearly differ in the others?
///
/// Recipes that drop weights (TIES, DARE, DELLA) leave some of the base's as they were, spread evenly over each
/// tensor. Training changes all that its relatives' training changes: if not by much, then by little, and where small
/// changes are lost to rounding, many are as small as those. Weights count where most relatives of the two moved by far
/// more than rounding, so that units which no training reaches say nothing.
struct EqualWeights: Sendable {
  private var tested = 0
  private var sparse = 0

  /// Relatives' changes that count, in units in the last place of the coarser type.
  private static let clear: Float = 8
  private static let near: Float = 2
  /// Unit roundoffs from which on updates of low rank leave as many weights alone: that of bf16.
  static let coarse = 0x1p-9
  /// Fewer weights of a tensor say nothing.
  private static let fewest = 64
  /// Share of the weights that are equal.
  private static let shares = 0.06...0.9
  /// Equal weights per weight that differs by no more than `near`.
  private static let outstanding = 2
  private static let fewestTensors = 2
  /// Share of the tensors that must agree.
  private static let most = 0.8

  /// Are the weights equal here and there, all over the tensors?
  var isSparse: Bool { tested >= Self.fewestTensors && Double(sparse) >= Self.most * Double(tested) }

  /// Adds what the samples of one tensor say of a model and each of its relatives.
  ///
  /// - Parameters:
  ///   - places: in the block, of the model and its relatives.
  ///   - rounding: of each, unit roundoff of its type.
  ///   - known: by relative, what the tensors before said.
  static func adding(
    _ block: SampleBlock, _ places: [Int], _ rounding: [Double], to known: [Self]
  ) -> [Self] {
    var result = known
    let values = places.map { block.values(of: $0) }
    let own = values[0]
    for (k, other) in values.dropFirst().enumerated() {
      let equal = zip(own, other).count { $0 == $1 }
      let share = Double(equal) / Double(max(1, own.count))
      // Nothing was trained.
      guard share < 1 else { continue }
      guard share > shares.lowerBound / 4 else {
        result[k].tested += 1
        continue
      }
      let unit = Float(2 * max(rounding[0], rounding[k + 1]))
      let rest = values.indices.filter { $0 != 0 && $0 != k + 1 }.map { values[$0] }
      var (counted, same, close) = (0, 0, 0)
      for offset in 0..<own.count {
        let theirs = other[other.startIndex + offset]
        let step = unit * abs(theirs)
        let moved = rest.count { abs($0[$0.startIndex + offset] - theirs) > clear * step }
        guard 2 * moved >= rest.count, moved > 0 else { continue }
        let apart = abs(own[own.startIndex + offset] - theirs)
        counted += 1
        if apart == 0 { same += 1 } else if apart <= near * step { close += 1 }
      }
      guard counted >= fewest else { continue }
      result[k].tested += 1
      if shares.contains(Double(same) / Double(counted)), same >= outstanding * close { result[k].sparse += 1 }
    }
    return result
  }
}
