internal import Core
internal import Glibc

/// What is known of the weight decay between two models.
///
/// Rows of an embedding table whose token never occurred in training are exactly collinear with the
/// parent's rows, and shorter: weights that no gradient touched show how much all weights shrank.
/// And when vectors (biases, scales) did not move at all, nothing decays: low-rank updates.
struct Decay: Sendable {
  private var rows = 0.0
  private var logs = 0.0
  private var tablesMoved = false
  private var vectors = 0
  private var vectorsMoved = false
  /// Unit roundoff of the coarser of the two models' types.
  private let unit: Double

  /// Collinear rows below which the shrinkage is not believed.
  static let fewestRows = 8.0

  /// - Parameter rounding: unit roundoffs of the types that the two models are stored in.
  init(rounding: (Double, Double)) { unit = max(rounding.0, rounding.1) }

  /// - Parameter pair: of the two models in the sums.
  mutating func add(_ tensor: TensorSums, pair: Int) {
    let moved = tensor.sums.l2[pair] != 0
    if !tensor.sums.logShrinkage.isEmpty {
      rows += tensor.sums.collinearRows[pair]
      logs += tensor.sums.logShrinkage[pair]
      tablesMoved = tablesMoved || moved
    } else if tensor.role == .vector, !TensorRole.isHead(tensor.name) {
      vectors += 1
      vectorsMoved = vectorsMoved || moved
    }
  }

  /// Mean log ratio of the norms of collinear rows, of the second model over the first; nil where
  /// too few rows are collinear, or none was trained.
  var mean: Double? { rows >= Self.fewestRows && tablesMoved ? logs / rows : nil }

  /// The log of the factor on all weights from the first to the second model (`sign` 1), or from the
  /// second to the first (-1): values and the probabilities they have beforehand.
  func prior(sign: Double) -> [(value: Double, probability: Double)] {
    if vectors > 0, !vectorsMoved { return [(0, 1)] }
    guard let mean else { return Self.unknown }
    // Rounding hides a decay of less than half a unit in the last place.
    guard abs(mean) > 2 * unit else { return Self.hidden.map { ($0.value * unit, $0.probability) } }
    return Self.known.map { (sign * mean + $0.value * unit, $0.probability) }
  }

  /// Rows that no gradient touched only ever get shorter: what their shrinkage itself says of the
  /// order, in nats; positive speaks for the first model being the parent.
  var evidence: Double {
    guard let mean, abs(mean) > 3 * unit else { return 0 }
    return mean < 0 ? Self.shorter : -Self.shorter
  }

  /// Once in 400 pairs something else may have scaled the rows.
  private static let shorter = 6.0

  private typealias Guess = (value: Double, probability: Double)

  /// None at all as likely as any: learning rate x decay x steps, from 1e-5 to 1.
  private static let unknown: [Guess] = {
    let some = (0..<31).map { Guess(-exp(log(1e-5) * Double($0) / 30), 0.5 / 31) }
    return [(0, 0.5)] + some
  }()
  private static let hidden: [Guess] = {
    let some = (0..<9).map { Guess(-Double($0) / 4, 0.5 / 9) }
    return [(0, 0.5)] + some
  }()
  private static let known: [Guess] = {
    let some = (-4...4).map { Guess(Double($0) / 2, exp(-Double($0 * $0) / 8)) }
    let total = some.reduce(0) { $0 + $1.probability }
    return some.map { ($0.value, $0.probability / total) }
  }()
}
