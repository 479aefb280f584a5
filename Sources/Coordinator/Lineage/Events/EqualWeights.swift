internal import CKernels
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
  /// Unit roundoffs from which on updates of low rank leave as many weights alone, and lose weak directions among errors of
  /// rounding: bf16's, not f16's.
  static let coarse = 0x1p-9
  /// Fewer weights of a tensor say nothing.
  private static let fewest = 64
  /// Share of the weights that are equal.
  private static let shares = 0.06...0.9
  /// Equal weights per weight that differs by no more than `near`.
  private static let outstanding: UInt32 = 2
  private static let fewestTensors = 2
  /// Share of the tensors that must agree.
  private static let most = 0.8

  /// Are the weights equal here and there, all over the tensors?
  var isSparse: Bool { tested >= Self.fewestTensors && Double(sparse) >= Self.most * Double(tested) }

  /// Would the weights be no sparse merge's, whatever more tensors said?
  ///
  /// - Parameter more: tensors that may follow.
  private func isRefuted(more: Int) -> Bool { Double(sparse + more) < Self.most * Double(tested + more) }

  /// Adds what the samples of one tensor say of a model and each of its relatives; what is refuted stays as it is.
  ///
  /// - Parameters:
  ///   - places: in the block, of the model and its relatives.
  ///   - rounding: of each, unit roundoff of its type.
  ///   - known: by relative, what the tensors before said.
  ///   - left: tensors that may be added, this one included.
  static func adding(
    _ block: SampleBlock, _ places: [Int], _ rounding: [Double], to known: [Self], left: Int
  ) -> [Self] {
    var result = known
    let count = block.shape.count
    block.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      let models = places.map { UnsafePointer(start + $0 * count) as UnsafePointer<Float>? }
      for k in known.indices where !known[k].isRefuted(more: left) {
        result[k].add(models, k + 1, count, unit: Float(2 * max(rounding[0], rounding[k + 1])))
      }
    }
    return result
  }

  /// - Parameters:
  ///   - models: the `count` weights of each; the first is compared with the one at a place.
  ///   - unit: in the last place of the coarser type.
  private mutating func add(_ models: [UnsafePointer<Float>?], _ place: Int, _ count: Int, unit: Float) {
    guard let own = models[0], let other = models[place] else { return }
    let equal = (0..<count).count { own[$0] == other[$0] }
    let share = Double(equal) / Double(max(1, count))
    // Nothing was trained.
    guard share < 1 else { return }
    guard share > Self.shares.lowerBound / 4 else {
      tested += 1
      return
    }
    let rest = models.indices.filter { $0 != 0 && $0 != place }.map { models[$0] }
    let found = mt_agree(own, other, rest, rest.count, count, unit, Self.near, Self.clear)
    guard found.counted >= Self.fewest else { return }
    tested += 1
    if Self.shares.contains(Double(found.same) / Double(found.counted)), found.same >= Self.outstanding * found.close {
      sparse += 1
    }
  }
}
