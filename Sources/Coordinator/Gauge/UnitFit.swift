internal import Spectra
internal import System

/// Which units of one model's MLP are which of another's, with signs and scales.
struct UnitFit: Sendable, Equatable {
  /// For each unit of the other model the own one.
  let order: [Int]
  /// What the rows of `up` are multiplied by, and the columns of `down` divided by.
  let factors: [Double]
  var isSame: Bool { order == Array(order.indices) && factors.allSatisfy { $0 == 1 } }

  /// The weights of an MLP, rows one for each unit, in common coordinates of the residual stream, gains of norms in them.
  struct Units {
    /// nil for an MLP without gates.
    var gate: Matrix?
    var up: Matrix
    /// Transposed.
    var down: Matrix

    /// The same in other coordinates of the residual stream.
    func inBasis(_ basis: ResidualBasis) -> Units {
      var moved = self
      moved.gate = gate.map(basis.rows)
      moved.up = basis.rows(up)
      moved.down = basis.rows(down)
      return moved
    }

    /// Some units, in the order given.
    func rows(_ chosen: [Int]) -> Units {
      Units(gate: gate?.rows(chosen), up: up.rows(chosen), down: down.rows(chosen))
    }

    /// What units are matched by, and what the matching is judged by.
    var matched: Matrix { (gate ?? up).withUnitRows }

    /// Cosines of the units of two models: of what they were matched by, and of all the rest, without scale and sign.
    static func likeness(_ own: Units, _ other: Units) -> (fit: Matrix, judged: Matrix) {
      let fit = other.matched.timesTransposed(own.matched)
      let down = other.down.withUnitRows.timesTransposed(own.down.withUnitRows)
      guard own.gate != nil else { return (fit, down) }
      let up = other.up.withUnitRows.timesTransposed(own.up.withUnitRows)
      return (fit, Matrix(rows: down.rows, columns: down.columns, zip(up.values, down.values).map { $0 * $1 }))
    }
  }

  /// Units are scaled where that leaves less than this share of what they differ by: training moves them in all
  /// directions, so that a single one explains next to nothing of it.
  private static let enough = 1.0 / 3

  /// Mean cosine of matched units below which the two are strangers': the best of many partners have 0.3 in small
  /// networks, relatives more than 0.7.
  private static let leastLikeness = 0.4

  /// - Returns: nil where weights are not finite.
  init?(_ own: Units, _ other: Units) {
    let (fit, judged) = Units.likeness(own, other)
    let gains = fit.adding(judged)
    guard gains.values.allSatisfy(\.isFinite), gains.rows <= gains.columns else { return nil }
    let order = LinearAssignment.greatest(gains)
    let total = order.enumerated().reduce(0) { $0 + gains[$1.offset, $1.element] }
    // Units of another network have no partners here: nothing of them was only moved.
    guard total > Self.leastLikeness * 2 * Double(order.count) || gains.rows != gains.columns else {
      self.init(order: Array(order.indices), factors: Array(repeating: 1, count: order.count))
      return
    }
    guard own.gate != nil else {
      self.init(order: order, factors: Array(repeating: 1, count: order.count))
      return
    }
    let lengths = (own.up.rowLengths, other.up.rowLengths, own.down.rowLengths, other.down.rowLengths)
    var signs: [Double] = []
    var logarithms: [Double] = []
    for (unit, place) in order.enumerated() {
      let along = zip(own.up.row(place), other.up.row(unit)).reduce(0) { $0 + $1.0 * $1.1 }
      signs.append(along < 0 ? -1 : 1)
      let ratio = lengths.1[unit] / lengths.0[place] * lengths.2[place] / lengths.3[unit]
      logarithms.append(ratio > 0 && ratio.isFinite ? 0.5 * Logarithm.of(ratio) : 0)
    }
    let scaled = zip(signs, logarithms).map { $0 * Logarithm.power($1) }
    func rest(_ factors: [Double]) -> Double {
      let (up, down) = (own.up.rows(order), own.down.rows(order))
      return up.scalingRows(by: factors).distance(from: other.up)
        + down.scalingRows(by: factors.map { 1 / $0 }).distance(from: other.down)
    }
    self.init(order: order, factors: rest(scaled) < Self.enough * rest(signs) ? scaled : signs)
  }

  init(order: [Int], factors: [Double]) {
    self.order = order
    self.factors = factors
  }
}

extension UnitFit.Units {
  /// - Returns: nil where the model has no such maps.
  init?(_ weights: NetworkWeights, _ layer: Int) throws(Failure) {
    guard let up = try weights.folded(.up, layer, after: .mlpNorm), let down = try weights.matrix(.down, layer) else {
      return nil
    }
    self.up = up
    self.down = down.transposed
    gate = try weights.folded(.gate, layer, after: .mlpNorm)
  }
}
