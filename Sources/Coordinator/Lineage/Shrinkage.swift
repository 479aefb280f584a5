internal import Core

/// What weight decay did to weights that no gradient touched.
///
/// Rows of an embedding table whose token never occurred in training are exactly collinear with the
/// parent's rows, and shorter. And when vectors (biases, scales) did not move at all, nothing decays.
struct Shrinkage {
  private var rows: SquareMatrix
  private var logs: SquareMatrix
  private var tableMoved: SquareMatrix
  private var vectors: SquareMatrix
  private var vectorsMoved: SquareMatrix
  /// Unit roundoff of the type that each model is stored in.
  private let rounding: [Double]

  /// Collinear rows below which the shrinkage is not believed.
  static let fewestRows = 8.0

  init(rounding: [Double]) {
    self.rounding = rounding
    rows = SquareMatrix(rounding.count)
    logs = rows
    tableMoved = rows
    vectors = rows
    vectorsMoved = rows
  }

  mutating func add(_ tensor: TensorSums) {
    let isTable = !tensor.sums.logShrinkage.isEmpty
    let isVector = tensor.role == .vector && !TensorRole.isHead(tensor.name)
    guard isTable || isVector else { return }
    tensor.forEachPair { p, a, b in
      let (i, j) = (tensor.models[a], tensor.models[b])
      let moved = tensor.sums.l2[p] == 0 ? 0.0 : 1.0
      if isTable {
        rows[i, j] += tensor.sums.collinearRows[p]
        logs[i, j] += tensor.sums.logShrinkage[p]
        tableMoved[i, j] += moved
      } else {
        vectors[i, j] += 1
        vectorsMoved[i, j] += moved
      }
    }
  }

  /// Mean log ratio of the norms of collinear rows, row of j over row of i (i < j); nil where too few
  /// rows are collinear, or none was trained.
  func mean(_ i: Int, _ j: Int) -> Double? {
    guard rows[i, j] >= Self.fewestRows, tableMoved[i, j] > 0 else { return nil }
    return logs[i, j] / rows[i, j]
  }

  /// What is known of the decay of all weights from i to j (i < j).
  func decay(_ i: Int, _ j: Int) -> DirectionModel.Decay {
    let unit = max(rounding[i], rounding[j])
    let mean = mean(i, j)
    let (forward, backward): (ClosedRange<Double>, ClosedRange<Double>) =
      if vectors[i, j] > 0, vectorsMoved[i, j] == 0 {
        (0...0, 0...0)
      } else if let mean, abs(mean) > 2 * unit {
        (mean - unit...mean + unit, -mean - unit...(-mean + unit))
      } else if mean != nil {
        (-2 * unit...0, -2 * unit...0)
      } else {
        (-Double.infinity...0, -Double.infinity...0)
      }
    return .init(forward: forward, backward: backward, mean: mean, rounding: unit)
  }
}
