internal import Core
internal import Encodings
internal import Glibc

/// What the tables of tokens and the vectors say about two models: how much weight decay there was between them, which
/// of them came first, and how many tokens were trained on the way.
///
/// Rows of an embedding table whose token never occurred in training are exactly collinear with the
/// parent's rows, and shorter: weights that no gradient touched show how much all weights shrank.
/// And where vectors (biases, scales) did not move at all, nothing decayed: the update is a low-rank one.
struct Decay: Sendable {
  private var rows = 0.0
  private var logs = 0.0
  private var tablesMoved = false
  private var allRows = 0
  /// Of the sum of logs: its variance by rounding.
  private var logVariance = 0.0
  private var tables = TableGrowth()
  private var vectors = 0
  private var vectorsMoved = false
  /// Unit roundoff of the coarser of the two models' types.
  private let unit: Double

  /// With fewer collinear rows than this, the shrinkage is not believed.
  static let fewestRows = 8.0

  /// - Parameter rounding: unit roundoffs of the types that the two models are stored in.
  init(rounding: (Double, Double)) { unit = max(rounding.0, rounding.1) }

  /// - Parameters:
  ///   - pair: of the two models in the sums.
  ///   - a, b: their places there.
  mutating func add(_ view: TensorView, pair: Int, _ a: Int, _ b: Int) {
    let tensor = view.tensor
    let moved = tensor.sums.l2[pair] != 0
    if !tensor.sums.logShrinkage.isEmpty {
      rows += tensor.sums.collinearRows[pair]
      logs += tensor.sums.logShrinkage[pair]
      logVariance += tensor.sums.collinearRows[pair] * Self.rowVariance * unit * unit / Double(tensor.shape.columns)
      tablesMoved = tablesMoved || moved
      guard tensor.part == .tokens, tensor.shape.rows > tensor.shape.columns else { return }
      allRows += tensor.shape.rows
      tables.add(
        first: view.energies[a], second: view.energies[b], apart: tensor.sums.l2[pair],
        elements: tensor.shape.elements)
    } else if tensor.role == .vector, tensor.part != .head {
      vectors += 1
      vectorsMoved = vectorsMoved || moved
    }
  }

  /// Mean log ratio of the norms of collinear rows, of the second model over the first; nil where
  /// too few rows are collinear, or the tables did not move.
  var mean: Double? { rows >= Self.fewestRows && tablesMoved ? logs / rows : nil }

  /// Is the shrinkage between the two models measured?
  var isKnown: Bool { (vectors > 0 && !vectorsMoved) || mean != nil }

  /// How much the token tables grew from the first to the second, over their squared distance: about 1/2 from parent
  /// to child, between -1/2 and 1/2 from sibling to sibling; nil where no table moved, one was replaced, or chance says
  /// more than growth.
  var tableGrowth: Double? { tables.ratio(decay: mean ?? 0) }

  /// The log of the factor on all weights from the first to the second model (`sign` 1), or from the
  /// second to the first (-1): values and their prior probabilities.
  func prior(sign: Double) -> [(value: Double, probability: Double)] {
    if vectors > 0, !vectorsMoved { return [(0, 1)] }
    guard let mean else { return Self.unknown }
    // Rounding hides a decay of less than half a unit in the last place.
    guard isVisible(mean) else { return Self.hidden.map { ($0.value * unit / 2, $0.probability) } }
    return Self.known.map { (sign * mean + $0.value * unit / 4, $0.probability) }
  }

  /// A factor nearer to 1 than half a unit in the last place leaves rounded weights as they are.
  private func isVisible(_ mean: Double) -> Bool { abs(mean) > unit / 2 }

  /// What the tables say about the order, in nats; positive values speak for the first model being the parent.
  ///
  /// Rows that no gradient touched only ever get shorter. What the others say: see `TableGrowth`.
  var evidence: Double {
    guard let mean else {
      return tables.evidence(strength: Self.longerWithoutDecay, .none)
    }
    guard isVisible(mean) else {
      // Rows that rounding put back show no decay, and those that moved show all of it.
      let hidden: [Guess] =
        [(0, Self.none)] + Self.hidden.map { ($0.value * unit / 2, (1 - Self.none) * $0.probability) }
      return tables.evidence(strength: Self.longer, .init(forward: hidden, backward: hidden, variance: 0))
    }
    return (mean < 0 ? Self.shorter : -Self.shorter)
      + tables.evidence(
        strength: Self.longer,
        .init(forward: [(mean, 1)], backward: [(-mean, 1)], variance: logVariance / (rows * rows)))
  }

  /// Nothing but a merge is known to lengthen rows, and merges are detected on their own; this is more than the
  /// energies of a sibling can ever say.
  private static let shorter = 15.0
  /// Fitted with the constants of `DirectionModel`.
  private static let longer = 6.8
  private static let longerWithoutDecay = 2.0
  /// How likely it is that there was no decay where none is seen, beyond what `hidden` says: it is off by default in
  /// many trainers.
  private static let none = 0.8
  /// Variance of the log norm of a row of one column, of two roundings of normal weights, over the square of the unit
  /// roundoff: fourth moment over squared variance is 3.
  private static let rowVariance = 6 * Encoding.roundingSquares

  /// Did untouched rows get longer from the first to the second (1), from the second to the first (-1),
  /// or neither (0)? No training lengthens them.
  var lengthening: Int {
    guard let mean, isVisible(mean) else { return 0 }
    return mean > 0 ? 1 : -1
  }

  /// Fraction of the rows of the token tables that were trained somewhere between the two models; 0 where the
  /// tables did not move, nil where the two have no such table in common.
  ///
  /// Along a path it can only grow, whatever the sizes of the steps: the true parent has the least.
  /// That distinguishes a child from a sibling that was trained on the same text, which distances cannot.
  var trainedTokenFraction: Double? {
    guard allRows > 0 else { return nil }
    guard tablesMoved else { return 0 }
    return max(0, Double(allRows) - rows) / Double(max(allRows, Self.fewTokens))
  }

  /// Smaller tables count as if they had this many tokens.
  private static let fewTokens = 256

  private typealias Guess = (value: Double, probability: Double)

  /// No decay is as likely as some; some is learning rate x decay x steps, from 1e-5 to 1.
  private static let unknown: [Guess] = {
    let some = (0..<31).map { Guess(-exp(log(1e-5) * Double($0) / 30), 0.5 / 31) }
    return [(0, 0.5)] + some
  }()
  /// In halves of a unit roundoff. Of updates that are themselves smaller than what rounding resolves, less of the decay
  /// is seen than there was: hence the small values.
  private static let hidden: [Guess] = {
    let whole = (1...8).map { Guess(-Double($0) / 8, 0.4 / 8) }
    let small = (4..<16).map { Guess(-exp(-log(10) * Double($0) / 4), 0.1 / 12) }
    return [(0, 0.5)] + whole + small
  }()
  private static let known: [Guess] = {
    let some = (-4...4).map { Guess(Double($0) / 2, exp(-Double($0 * $0) / 8)) }
    let total = some.reduce(0) { $0 + $1.probability }
    return some.map { ($0.value, $0.probability / total) }
  }()
}
