internal import Alignment
internal import Checkpoints
internal import Core
internal import Spectra
internal import Storage
internal import System

/// Finds the coordinates of one transformer in which it is most like another.
///
/// The basis of the residual stream is fitted to rows that both share (tokens, positions, patches), units to the maps
/// that open them; what is left judges.
struct GaugeFit {
  private let own: NetworkWeights
  private let other: NetworkWeights
  /// Relatives of the other model in its coordinates, which sharpen the basis with it.
  private let relatives: [NetworkWeights]

  /// Layers that the witness is taken from, spread over all.
  private static let witnessedLayers = 4
  /// Rows by which a basis is sharpened.
  private static let mostRows = 16384

  /// - Returns: nil where the two have not the same shape.
  init?(_ own: NetworkWeights, _ other: NetworkWeights, with relatives: [NetworkWeights] = []) {
    let (a, b) = (own.layout, other.layout)
    guard a.width == b.width, a.layers == b.layers, a.heads == b.heads, a.groups == b.groups,
      a.headSize == b.headSize, a.rotary == b.rotary, a.isBeforeMaps == b.isBeforeMaps, a.hasMeans == b.hasMeans,
      a.has(.gate) == b.has(.gate)
    else { return nil }
    self.own = own
    self.other = other
    self.relatives = relatives
  }

  /// Bytes that fitting and restoring take at most, beside small things: a few of the largest matrices as doubles.
  static func bytes(_ weights: NetworkWeights) -> Int {
    let largest = weights.layout.places.indices.map { weights.model.tensors[$0].shape.elements }.max() ?? 0
    return 6 * 8 * max(largest, weights.layout.width * weights.layout.width)
  }

  /// The basis by what both share, and what the units say of it.
  ///
  /// - Returns: nil where there is no such basis.
  func witness() throws(Failure) -> (basis: ResidualBasis, witness: Witness)? {
    let shared = try SharedRows(own, other)
    guard let fit = BasisFit(shared.own, shared.other, hasMeans: isOrderOnly) else { return nil }
    let layers = own.layout.layers
    let count = min(Self.witnessedLayers, layers.count)
    var likenesses: [(fit: Matrix, judged: Matrix, isSquare: Bool)] = []
    for place in 0..<count {
      let layer = layers[place * layers.count / count]
      guard let (mine, theirs) = try units(layer, fit.basis) else { return nil }
      let (fit, judged) = UnitFit.Units.likeness(mine, theirs)
      guard fit.values.allSatisfy(\.isFinite), judged.values.allSatisfy(\.isFinite) else { return nil }
      likenesses.append((fit, judged, mine.gate != nil))
    }
    return (fit.basis, Witness(likenesses))
  }

  /// - Parameters:
  ///   - first: the basis that the witness was found in, or a better one.
  ///   - layers: those whose heads and units are wanted; nil for all.
  /// - Returns: nil where weights are not finite.
  func gauge(_ first: ResidualBasis, of layers: [Int]? = nil) throws(Failure) -> Gauge? {
    guard let basis = try sharpened(first) else { return nil }
    var gauge = Gauge(basis: basis, heads: [:], units: [:], keptNorms: [], isFolded: false)
    for layer in layers ?? own.layout.layers {
      guard let (mine, theirs) = try units(layer, basis), let fit = UnitFit(mine, theirs),
        let heads = HeadFit(
          try attention(own, layer, basis), try attention(other, layer, .same),
          isKept: own.layout.number(.headNorm, layer) != nil)
      else { return nil }
      (gauge.units[layer], gauge.heads[layer]) = (fit, heads)
    }
    for place in own.layout.places where !place.isBias && [.attentionNorm, .mlpNorm, .lastNorm].contains(place.role) {
      if let layers, let layer = place.layer, !layers.contains(layer) { continue }
      switch try NormFit(own, other, place, basis) {
      case .kept: gauge.keptNorms.insert(place)
      case .replaced: break
      case .folded: gauge.isFolded = true
      }
    }
    return gauge
  }

  /// Without the means that norms take out.
  private func centered(_ units: UnitFit.Units) -> UnitFit.Units {
    guard own.layout.hasMeans else { return units }
    return UnitFit.Units(
      gate: units.gate.map(SharedRows.centered), up: SharedRows.centered(units.up),
      down: SharedRows.centered(units.down))
  }

  /// Rotations leave neither means nor gains behind the maps as they are.
  private var isOrderOnly: Bool { own.layout.hasMeans || own.layout.has(.vector) }

  private func units(
    _ layer: Int, _ basis: ResidualBasis
  ) throws(Failure) -> (own: UnitFit.Units, other: UnitFit.Units)? {
    guard let mine = try UnitFit.Units(own, layer), let theirs = try UnitFit.Units(other, layer),
      mine.up.rows == theirs.up.rows
    else { return nil }
    return (mine.inBasis(basis), theirs)
  }

  private func attention(
    _ weights: NetworkWeights, _ layer: Int, _ basis: ResidualBasis
  ) throws(Failure) -> AttentionWeights {
    func reads(_ role: NetworkRole) throws(Failure) -> Matrix {
      basis.rows(try weights.folded(role, layer, after: .attentionNorm) ?? Matrix(zeros: 0, weights.layout.width))
    }
    let output = try weights.matrix(.output, layer) ?? Matrix(zeros: weights.layout.width, 0)
    return AttentionWeights(
      query: try reads(.query), key: try reads(.key), value: try reads(.value),
      output: basis.columns(output).transposed, size: weights.layout.headSize, groups: weights.layout.groups,
      rotary: weights.layout.rotary)
  }

  /// The basis by the rows of all MLPs as well.
  private func sharpened(_ basis: ResidualBasis) throws(Failure) -> ResidualBasis? {
    guard basis != .same else { return basis }
    let layers = own.layout.layers
    let units = own.layout.number(.up, layers.first).map { own.model.tensors[$0].shape.rows } ?? 0
    let count = min(units, max(64, Self.mostRows / max(1, 3 * layers.count)))
    let shared = try SharedRows(own, other)
    // What training did is different in each, so that together they err less; large models have rows enough.
    let joined = relatives.prefix(Self.mostRows / max(1, shared.own.rows + 3 * count * layers.count))
    var rows = [RowsBeside(shared.own, [shared.other])]
    for relative in joined {
      let shared = try SharedRows(own, relative)
      if rows[rows.count - 1].own == shared.own {
        rows[rows.count - 1].others.append(shared.other)
      } else {
        rows.append(RowsBeside(shared.own, [shared.other]))
      }
    }
    for layer in layers {
      guard let plain = try UnitFit.Units(own, layer), let theirs = try UnitFit.Units(other, layer),
        plain.up.rows == theirs.up.rows, theirs.up.rows >= count
      else { return nil }
      let chosen = (0..<count).map { $0 * theirs.up.rows / count }
      guard let fit = UnitFit(plain.inBasis(basis), theirs.rows(chosen)) else { return nil }
      let mine = centered(plain.rows(fit.order))
      let signs = fit.factors.map { $0 < 0 ? -1.0 : 1 }
      var all = [centered(theirs.rows(chosen))]
      for relative in joined {
        if let units = try UnitFit.Units(relative, layer), units.up.rows == theirs.up.rows {
          all.append(centered(units.rows(chosen)))
        }
      }
      rows.append(RowsBeside(mine.up.scalingRows(by: signs), all.map(\.up)))
      rows.append(RowsBeside(mine.down.scalingRows(by: signs), all.map(\.down)))
      if let gate = mine.gate { rows.append(RowsBeside(gate, all.compactMap(\.gate))) }
    }
    switch basis {
    case .same: return basis
    case .permuted:
      let mine = rows.flatMap { Array(repeating: $0.own, count: $0.others.count) }.stacked
      return BasisFit(mine, rows.flatMap(\.others).stacked, hasMeans: isOrderOnly, isPermuted: true)?.basis
    case .rotated(let turn):
      let sharpening = BasisSharpening(
        rows, copies: 1 + joined.count, noise: own.model.noise + other.model.noise)
      return .rotated(sharpening.sharpened(turn))
    }
  }
}
