/// What brings one transformer into the coordinates of another and leaves its function as it is.
struct Gauge: Sendable {
  var basis: ResidualBasis
  /// By layer.
  var heads: [Int: HeadFit]
  var units: [Int: UnitFit]
  /// Norms whose gains stay with the model; in the place of others come those of the other model, and what they were
  /// goes into the maps that read them.
  var keptNorms: Set<NetworkLayout.Place>
  /// Are the gains of some norm in the maps that read them?
  var isFolded: Bool

  /// Units that stay where they are, below which a model counts as one in other coordinates.
  private static let mostMoved = 0.1

  /// Is it nothing but the doubt of single units?
  var isNothing: Bool {
    let all = units.values.reduce(0) { $0 + $1.order.count }
    let moved = units.values.reduce(0) { $0 + $1.order.enumerated().count { $0.offset != $0.element } }
    return basis == .same && !isFolded && !isScaled && heads.values.allSatisfy { !$0.isPermuted && !$0.isChanged }
      && Double(moved) <= Self.mostMoved * Double(max(1, all))
  }

  private var isScaled: Bool { units.values.contains { $0.factors.contains { $0 != 1 } } }

  /// What was undone, in the words of `tree.json`.
  var transforms: [String] {
    var words: [String] = []
    var isPermuted = heads.values.contains(where: \.isPermuted)
    isPermuted = isPermuted || units.values.contains { $0.order != Array($0.order.indices) }
    if case .permuted = basis { isPermuted = true }
    if isPermuted { words.append("permuted") }
    var isRotated = heads.values.contains(where: \.isChanged)
    if case .rotated = basis { isRotated = true }
    if isRotated { words.append("rotated") }
    if isScaled { words.append("scaled") }
    if isFolded { words.append("folded") }
    return words
  }
}
