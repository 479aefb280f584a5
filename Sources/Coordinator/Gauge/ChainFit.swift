internal import Core
internal import Spectra
internal import System

/// Finds the order and the scales of one chain's units in which it is most like another.
///
/// Step by step the units are matched by what they read, then by what they read and what reads them, until nothing moves.
/// A unit's inputs are judged in halves: had the two been initialized independently, the match that one half of the
/// inputs gives would say nothing of the other half. The first step is no witness: what reads pictures is alike in strangers.
struct ChainFit {
  private let own: ChainWeights
  private let other: ChainWeights

  /// Times that all units are matched anew: scales of what a step puts out and of what the next one does with it are
  /// found in turns.
  private static let mostSweeps = 20
  /// Units are scaled where that leaves less than this share of what they differ by, as in `UnitFit`.
  private static let enough = 1.0 / 3
  private static let mostExplained = 0.9
  /// Median cosine below which two chains are left alone. Networks that learned the same from the same data have units
  /// that are somewhat alike, so that more is asked for than of transformers.
  private static let leastLikeness = 0.4

  /// - Returns: nil where the two have not the same shape.
  init?(_ own: ChainWeights, _ other: ChainWeights) {
    guard own.layout.hasShape(of: other.layout) else { return nil }
    self.own = own
    self.other = other
  }

  /// How alike the units of the first step are: mean cosine of those that are each other's likest. Cheap, and no evidence:
  /// for the choice of what is tried first.
  ///
  /// - Parameters:
  ///   - mine: `firstRows` of a chain.
  ///   - theirs: those of another one, of the same shape.
  static func firstLook(_ mine: Matrix, _ theirs: Matrix) -> Double {
    let cosines = theirs.timesTransposed(mine)
    let best = LinearAssignment.mutualBest(cosines.magnitudes)
    let found = best.enumerated().compactMap { unit, place in place.map { abs(cosines[unit, $0]) } }
    return found.reduce(0, +) / Double(max(1, best.count))
  }

  /// - Returns: nil where weights are not finite, or too little is alike.
  func gauge() throws(Failure) -> (gauge: ChainGauge, witness: Witness)? {
    let steps = own.layout.steps
    var gauge = ChainGauge(units: steps.map { .same($0.outputs) })
    var layers: [(fit: Matrix, judged: Matrix, isSquare: Bool)] = []
    for step in steps.indices.dropLast() {
      let (mine, theirs) = (gauge.reading(try own.matrix(step), step, own.layout), try other.matrix(step))
      guard mine.values.allSatisfy(\.isFinite), theirs.values.allSatisfy(\.isFinite) else { return nil }
      if step > 0 { layers.append(halves(mine, theirs, step)) }
      gauge.units[step] = try units(mine, theirs, nil, step)
    }
    let witness = Witness(layers)
    guard witness.likeness >= Self.leastLikeness else { return nil }
    for _ in 0..<Self.mostSweeps {
      let before = gauge
      for step in steps.indices.dropLast() {
        let (mine, theirs) = (gauge.reading(try own.matrix(step), step, own.layout), try other.matrix(step))
        gauge.units[step] = try units(mine, theirs, try readers(step, gauge), step)
      }
      if gauge.isNear(before) { break }
    }
    return (try simplest(gauge), witness)
  }

  /// Cosines of units by one half of what they read, and by the other; with the sign that the first half gives.
  private func halves(_ mine: Matrix, _ theirs: Matrix, _ step: Int) -> (fit: Matrix, judged: Matrix, isSquare: Bool) {
    let block = own.layout.steps[step].columnsPerInput
    func cosines(_ rest: Int) -> Matrix {
      let chosen = (0..<mine.columns).filter { $0 / block % 2 == rest }
      return theirs.columns(chosen).withUnitRows.timesTransposed(mine.columns(chosen).withUnitRows)
    }
    let (fit, judged) = (cosines(0), cosines(1))
    guard !own.layout.steps[step].hasNorm else { return (fit, judged, false) }
    let signed = zip(fit.values, judged.values).map { $0 < 0 ? -$1 : $1 }
    return (fit.magnitudes, Matrix(rows: judged.rows, columns: judged.columns, signed), false)
  }

  /// The weights that read the units of a step, a row for each unit, those of both chains in the other's coordinates.
  private func readers(_ step: Int, _ gauge: ChainGauge) throws(Failure) -> (mine: Matrix, theirs: Matrix) {
    let next = step + 1
    let mine = try own.matrix(next).rows(gauge.units[next].order).scalingRows(by: gauge.units[next].inner)
    return (perInput(mine, next), perInput(try other.matrix(next), next))
  }

  /// Inputs x (what belongs to an input, for each output).
  private func perInput(_ matrix: Matrix, _ step: Int) -> Matrix {
    let block = own.layout.steps[step].columnsPerInput
    let inputs = matrix.columns / block
    var values: [Double] = []
    values.reserveCapacity(matrix.values.count)
    for input in 0..<inputs {
      for row in 0..<matrix.rows {
        let start = row * matrix.columns + input * block
        values += matrix.values[start..<start + block]
      }
    }
    return Matrix(rows: inputs, columns: matrix.rows * block, values)
  }

  /// - Parameters:
  ///   - mine: what the own units read, in the other's coordinates.
  ///   - theirs: the same of the other's.
  ///   - readers: what reads them; nil: not known yet.
  private func units(
    _ mine: Matrix, _ theirs: Matrix, _ readers: (mine: Matrix, theirs: Matrix)?, _ step: Int
  ) throws(Failure) -> ChainGauge.Units {
    let layout = own.layout.steps[step]
    let reads = theirs.withUnitRows.timesTransposed(mine.withUnitRows)
    var gains = reads
    if let readers {
      gains = gains.adding(readers.theirs.withUnitRows.timesTransposed(readers.mine.withUnitRows))
    }
    // What no norm follows may have another sign, where the function between is odd.
    if !layout.hasNorm { gains = gains.magnitudes }
    let order = simplest(LinearAssignment.greatest(gains), gains)
    var units = ChainGauge.Units.same(order.count)
    units.order = order
    let signs = order.enumerated().map { !layout.hasNorm && reads[$0.offset, $0.element] < 0 ? -1.0 : 1.0 }
    // What a norm without statistics puts out does not depend on the scale of what comes in.
    if !layout.hasNorm || layout.hasStatistics {
      units.inner = scales(mine.rows(order), theirs, signs, isInverse: false)
    }
    if !layout.hasNorm {
      units.outer = units.inner
    } else if let readers {
      units.outer = try leveled(scales(readers.mine.rows(order), readers.theirs, signs, isInverse: true), order, step)
    }
    return units
  }

  /// Scales of what a norm puts out, made as large in all as its gains say: what reads it has scales of its own, and a
  /// factor common to both cannot be told from the weights between them.
  private func leveled(_ scales: [Double], _ order: [Int], _ step: Int) throws(Failure) -> [Double] {
    guard let mine = try own.vector(.gain, step),
      let theirs = try other.vector(.gain, step)
    else { return scales }
    func length(_ numbers: [Double]) -> Double { numbers.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let level = length(theirs) / length(zip(order, scales).map { mine[$0] * $1 })
    return level > 0 && level.isFinite ? scales.map { $0 * level } : scales
  }

  /// An order of units, or none at all where that explains nine tenths of what the order does: units that have died are
  /// like any other.
  private func simplest(_ order: [Int], _ gains: Matrix) -> [Int] {
    let same = Array(order.indices)
    func gain(_ order: [Int]) -> Double { order.enumerated().reduce(0) { $0 + gains[$1.offset, $1.element] } }
    return gain(same) >= Self.mostExplained * gain(order) ? same : order
  }

  /// What rows have to be multiplied by to be as long as others', or that over 1.
  private func scales(_ mine: Matrix, _ theirs: Matrix, _ signs: [Double], isInverse: Bool) -> [Double] {
    zip(zip(mine.rowLengths, theirs.rowLengths), signs).map { lengths, sign in
      guard lengths.0 > 0, lengths.1 > 0 else { return sign }
      return sign * (isInverse ? lengths.0 / lengths.1 : lengths.1 / lengths.0)
    }
  }

  /// Without scales where these explain little: training moves all weights of a unit in all directions, and decay makes
  /// all units shorter alike, which changes no cosine.
  private func simplest(_ gauge: ChainGauge) throws(Failure) -> ChainGauge {
    var plain = gauge
    for step in plain.units.indices {
      plain.units[step].inner = gauge.units[step].inner.map { $0 < 0 ? -1 : 1 }
      plain.units[step].outer = gauge.units[step].outer.map { $0 < 0 ? -1 : 1 }
    }
    return try rest(gauge) < Self.enough * rest(plain) ? gauge : plain
  }

  /// What is left of the squares of all steps, whatever their lengths.
  private func rest(_ gauge: ChainGauge) throws(Failure) -> Double {
    var sum = 0.0
    for step in own.layout.steps.indices {
      let cosine = gauge.restored(try own.matrix(step), step, own.layout).cosine(try other.matrix(step))
      sum += 1 - cosine * cosine
    }
    return sum
  }
}

extension Matrix {
  fileprivate var magnitudes: Matrix { Matrix(rows: rows, columns: columns, values.map(abs)) }
}
