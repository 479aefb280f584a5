internal import Checkpoints
internal import Core
internal import Naming
internal import Storage
internal import System

/// Finds the size of a model's heads by content: for the right one, its rows are like those of a relative that stores
/// them in the canonical order.
struct HeadSizeSearch {
  private let models: [ModelRecord]
  private let maps: [AlignmentMap]
  private let examples: [Int]

  /// Rows that are compared, and numbers of each that are read.
  private static let rows = 12
  private static let columns = 256
  /// Relatives that are compared with.
  private static let most = 16
  /// Mean cosine above which rows are the same ones.
  private static let likeness: Float = 0.5

  init(_ models: [ModelRecord], _ maps: [AlignmentMap], examples: [Int]) {
    self.models = models
    self.maps = maps
    self.examples = examples
  }

  /// - Returns: nil when no model is like this one, whatever the size.
  func size(of number: Int, _ needed: Set<String>, _ facts: NetworkFacts) throws(Failure) -> Int? {
    var best: (size: Int, likeness: Float)?
    for (stored, tensor) in zip(models[number].tensors, maps[number].tensors) {
      guard let rearrangement = tensor.rearrangement, rearrangement.needsHeadSize, rearrangement.isAny(of: needed),
        stored.shape.rank == 2
      else { continue }
      for example in others(with: rearrangement.results) {
        for size in candidates(stored.shape.rows, rearrangement, facts) {
          let pieces = TensorPieces(queries: facts.queries, headSize: size, rotarySize: size)
          guard let part = pieces.pieces(of: stored, rearrangement, columns: nil)?.first,
            part.shape == example.shape
          else { continue }
          let found = try Self.likeness(part, example)
          // The first of equally good ones: what the configuration says.
          if found > (best?.likeness ?? Self.likeness) + 0.01 { best = (size, found) }
        }
      }
      if best != nil { break }
    }
    return best?.size
  }

  /// The first of the canonical tensors in models that have it as it should be.
  private func others(with results: [String]) -> [StoredTensor] {
    var found: [StoredTensor] = []
    for example in examples where found.count < Self.most {
      if let place = maps[example].tensors.firstIndex(where: { $0.rearrangement == nil && $0.name == results.first }) {
        found.append(models[example].tensors[place])
      }
    }
    return found
  }

  /// Sizes that divide the rows, that of the configuration first. Of rotary rows, size 2 leaves all as it is.
  private func candidates(_ rows: Int, _ rearrangement: Rearrangement, _ facts: NetworkFacts) -> [Int] {
    let known = rearrangement.steps.contains(.pairsToHalves) ? facts.rotarySize : facts.headSize
    let sizes = (1...min(512, max(1, rows))).filter { $0 % 2 == 0 && rows % $0 == 0 }
    return (known.map { [$0] } ?? []) + sizes.filter { $0 != known }
  }

  /// Mean cosine of some rows.
  private static func likeness(_ a: StoredTensor, _ b: StoredTensor) throws(Failure) -> Float {
    let (all, width) = (a.shape.rows, min(columns, a.shape.columns))
    // Not in step with heads, whose first and last rows stay where they are.
    let chosen = Array(Set((0..<rows).map { (all * $0 / rows + 3 + 2 * $0) % all })).sorted()
    let (first, second) = (
      try a.weights(rows: chosen, columns: Array(0..<width)), try b.weights(rows: chosen, columns: Array(0..<width))
    )
    var total: Float = 0
    for row in chosen.indices {
      var (product, own, other): (Float, Float, Float) = (0, 0, 0)
      for column in row * width..<(row + 1) * width {
        product += first[column] * second[column]
        own += first[column] * first[column]
        other += second[column] * second[column]
      }
      let scale = (own * other).squareRoot()
      if scale > 0, scale.isFinite { total += product / scale }
    }
    return total / Float(max(1, chosen.count))
  }
}
