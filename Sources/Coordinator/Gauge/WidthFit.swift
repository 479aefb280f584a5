internal import Checkpoints
internal import Core
internal import Spectra
internal import Storage
internal import System

/// Finds what a narrower transformer has kept of a wider one.
///
/// Coordinates of the residual stream are fitted to the rows that both share (tokens, positions, patches), units to the maps
/// that open them; what is left judges.
struct WidthFit {
  /// The narrower one.
  private let own: NetworkWeights
  private let other: NetworkWeights

  /// Layers that the witness is taken from, spread over all.
  private static let witnessedLayers = 4
  /// Shared rows for each coordinate from which on these alone decide before the witness, and rounds with units' rows.
  private static let rowsEnough = 4
  private static let rounds = 4
  /// Rows of MLPs by which the coordinates are found again.
  private static let mostRows = 16384
  /// Share of the best fit that leaving the coordinates as they are has to reach.
  private static let enough = 0.9

  /// - Returns: nil where the first has not the shape of a part of the second.
  init?(_ own: NetworkWeights, of other: NetworkWeights) {
    guard own.layout.isNarrower(than: other.layout, orShallower: true) else { return nil }
    self.own = own
    self.other = other
  }

  /// Bytes that matching units takes at most: likenesses of all pairs of the layers that witness, and of one more.
  static func bytes(_ own: NetworkWeights, of other: NetworkWeights) -> Int {
    let pairs = (own.layout.units.max() ?? 0) * (other.layout.units.max() ?? 0)
    return 8 * 2 * (witnessedLayers + 1) * pairs
  }

  /// For each coordinate of the narrower model the one of the wider, by what both share, and what the units say of it.
  ///
  /// - Returns: nil where there is nothing to go by.
  func witness() throws(Failure) -> (kept: Kept, witness: Witness)? {
    guard let kept = try kept() else { return nil }
    var likenesses: [(fit: Matrix, judged: Matrix, isSquare: Bool)] = []
    for layer in witnesses {
      guard let (mine, theirs) = try units(layer, kept) else { return nil }
      let (fit, judged) = UnitFit.Units.likeness(theirs, mine)
      guard fit.values.allSatisfy(\.isFinite), judged.values.allSatisfy(\.isFinite) else { return nil }
      likenesses.append((fit, judged, mine.gate != nil))
    }
    return (kept, Witness(likenesses))
  }

  /// The layers that the witness is taken from.
  private var witnesses: [Int] {
    let layers = own.layout.layers
    let count = min(Self.witnessedLayers, layers.count)
    return (0..<count).map { layers[$0 * layers.count / count] }
  }

  /// Coordinates and layers.
  struct Kept {
    /// For each coordinate of the narrower model's residual stream the one of the wider.
    var hidden: [Int]
    /// For each layer of the narrower model the one of the wider.
    var layers: [Int: Int]

    func layer(_ own: Int) -> Int { layers[own] ?? own }
  }

  /// The coordinates by the rows that both share and, where these are few, by the maps that open the units: what judges
  /// is fitted to neither.
  private func kept() throws(Failure) -> Kept? {
    let shared = try SharedRows(own, other, isCentered: false)
    guard let hidden = Self.columns(shared.own, of: shared.other), let layers = try layers(hidden) else { return nil }
    var kept = Kept(hidden: hidden, layers: layers)
    guard own.layout.width < other.layout.width, shared.own.rows < Self.rowsEnough * own.layout.width else {
      return kept
    }
    let witnesses = witnesses
    for _ in 0..<Self.rounds {
      var rows = shared
      for layer in witnesses {
        guard let mine = try opening(own, layer), let theirs = try opening(other, kept.layer(layer)),
          mine.rows <= theirs.rows
        else { return nil }
        let gains = mine.withUnitRows.timesTransposed(theirs.columns(kept.hidden).withUnitRows)
        guard gains.values.allSatisfy(\.isFinite) else { return nil }
        let order = LinearAssignment.greatest(gains)
        let count = min(mine.rows, Self.mostRows / witnesses.count)
        let chosen = (0..<count).map { $0 * mine.rows / count }
        rows.add(mine.rows(chosen), theirs.rows(chosen.map { order[$0] }))
      }
      guard let next = Self.columns(rows.own, of: rows.other) else { return nil }
      guard next != kept.hidden else { break }
      kept.hidden = next
    }
    return kept
  }

  /// Units of a layer by which layers are told apart.
  private static let probes = 64

  /// For each layer the one of the wider model, in the same order: those whose units are most like its own, together.
  ///
  /// - Returns: nil where weights are not finite.
  private func layers(_ hidden: [Int]) throws(Failure) -> [Int: Int]? {
    let (mine, theirs) = (own.layout.layers, other.layout.layers)
    guard mine.count < theirs.count else { return Dictionary(uniqueKeysWithValues: zip(mine, theirs)) }
    var probes: [Matrix] = []
    for layer in mine {
      guard let opening = try opening(own, layer) else { return nil }
      let count = min(Self.probes, opening.rows)
      probes.append(opening.rows((0..<count).map { $0 * opening.rows / count }).withUnitRows)
    }
    var gains = Matrix(zeros: mine.count, theirs.count)
    for (column, layer) in theirs.enumerated() {
      guard let opening = try opening(other, layer)?.columns(hidden).withUnitRows else { return nil }
      for (row, probe) in probes.enumerated() {
        let cosines = probe.timesTransposed(opening)
        gains[row, column] = (0..<cosines.rows).reduce(0) { $0 + (cosines.row($1).max() ?? 0) } / Double(probe.rows)
      }
    }
    guard gains.values.allSatisfy(\.isFinite) else { return nil }
    // The best sums of the first rows within the first columns.
    var best = Matrix(zeros: mine.count + 1, theirs.count + 1)
    for row in 1...mine.count {
      best[row, row - 1] = -.infinity
      for column in row...theirs.count {
        best[row, column] = max(best[row, column - 1], best[row - 1, column - 1] + gains[row - 1, column - 1])
      }
    }
    var found: [Int: Int] = [:]
    var column = theirs.count
    for row in stride(from: mine.count, to: 0, by: -1) {
      while best[row, column] == best[row, column - 1] { column -= 1 }
      found[mine[row - 1]] = theirs[column - 1]
      column -= 1
    }
    return found
  }

  /// What units are matched by.
  private func opening(_ weights: NetworkWeights, _ layer: Int) throws(Failure) -> Matrix? {
    try weights.folded(weights.layout.has(.gate) ? .gate : .up, layer, after: .mlpNorm)
  }

  /// - Parameter first: what the witness was found in.
  /// - Returns: nil where weights are not finite.
  func map(_ first: Kept) throws(Failure) -> WidthMap? {
    guard let hidden = try sharpened(first) else { return nil }
    let kept = Kept(hidden: hidden, layers: first.layers)
    var map = WidthMap(hidden: hidden, layers: [:])
    for layer in own.layout.layers {
      let wide = kept.layer(layer)
      guard let order = try order(layer, kept),
        let heads = KeptHeads(try attention(own, layer, nil), of: try attention(other, wide, hidden))
      else { return nil }
      map.layers[layer] = WidthMap.Layer(
        number: wide, units: order, heads: heads.heads, queries: heads.queries, keys: heads.keys, values: heads.values,
        outputs: heads.outputs)
    }
    return map
  }

  /// The coordinates by the rows of all MLPs as well.
  private func sharpened(_ kept: Kept) throws(Failure) -> [Int]? {
    let hidden = kept.hidden
    guard own.layout.width < other.layout.width || hidden != Array(hidden.indices) else { return hidden }
    var rows = try SharedRows(own, other, isCentered: false)
    let layers = own.layout.layers
    for (place, layer) in layers.enumerated() {
      let units = own.layout.units[place]
      let count = min(units, max(64, Self.mostRows / (3 * layers.count)))
      guard let order = try order(layer, kept), let mine = try UnitFit.Units(own, layer),
        let theirs = try UnitFit.Units(other, kept.layer(layer))
      else { return nil }
      let chosen = (0..<count).map { $0 * units / count }
      let places = chosen.map { order[$0] }
      rows.add(mine.up.rows(chosen), theirs.up.rows(places))
      rows.add(mine.down.rows(chosen), theirs.down.rows(places))
      if let gate = mine.gate, let wider = theirs.gate { rows.add(gate.rows(chosen), wider.rows(places)) }
    }
    return Self.columns(rows.own, of: rows.other)
  }

  /// For each column the one of the other matrix that is most like it, each once, by assignment over the correlations.
  ///
  /// - Parameters:
  ///   - own, other: the same rows of two models; rows of zeros are left out.
  /// - Returns: nil where there is nothing to go by.
  private static func columns(_ own: Matrix, of other: Matrix) -> [Int]? {
    let (lengths, others) = (own.rowLengths, other.rowLengths)
    let kept = (0..<own.rows).filter { lengths[$0] > 0 && others[$0] > 0 && (lengths[$0] * others[$0]).isFinite }
    guard kept.count > 2 else { return nil }
    let x = BasisFit.standardized(own.rows(kept).withUnitRows)
    let y = BasisFit.standardized(other.rows(kept).withUnitRows)
    let correlations = x.transposedTimes(y)
    guard correlations.values.allSatisfy(\.isFinite) else { return nil }
    let order = LinearAssignment.greatest(correlations)
    guard correlations.rows == correlations.columns else { return order }
    let best = order.enumerated().reduce(0) { $0 + correlations[$1.offset, $1.element] }
    let same = order.indices.reduce(0) { $0 + correlations[$1, $1] }
    return same >= enough * best ? Array(order.indices) : order
  }

  /// For each unit the one of the wider model.
  private func order(_ layer: Int, _ kept: Kept) throws(Failure) -> [Int]? {
    guard let (mine, theirs) = try units(layer, kept) else { return nil }
    let (fit, judged) = UnitFit.Units.likeness(theirs, mine)
    let gains = fit.adding(judged)
    guard gains.values.allSatisfy(\.isFinite) else { return nil }
    return LinearAssignment.greatest(gains)
  }

  private func units(
    _ layer: Int, _ kept: Kept
  ) throws(Failure) -> (own: UnitFit.Units, other: UnitFit.Units)? {
    guard let mine = try UnitFit.Units(own, layer), let theirs = try UnitFit.Units(other, kept.layer(layer)),
      mine.up.rows <= theirs.up.rows
    else { return nil }
    let hidden = kept.hidden
    return (
      mine,
      UnitFit.Units(
        gate: theirs.gate?.columns(hidden), up: theirs.up.columns(hidden), down: theirs.down.columns(hidden))
    )
  }

  /// - Parameter hidden: the coordinates that are kept; nil: all.
  private func attention(
    _ weights: NetworkWeights, _ layer: Int, _ hidden: [Int]?
  ) throws(Failure) -> AttentionWeights {
    func kept(_ matrix: Matrix) -> Matrix { hidden.map { matrix.columns($0) } ?? matrix }
    func reads(_ role: NetworkRole) throws(Failure) -> Matrix {
      kept(try weights.folded(role, layer, after: .attentionNorm) ?? Matrix(zeros: 0, weights.layout.width))
    }
    let output = try weights.matrix(.output, layer) ?? Matrix(zeros: weights.layout.width, 0)
    return AttentionWeights(
      query: try reads(.query), key: try reads(.key), value: try reads(.value), output: kept(output.transposed),
      size: weights.layout.headSize, groups: weights.layout.groups, rotary: weights.layout.rotary)
  }
}
