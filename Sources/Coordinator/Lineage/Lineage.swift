public import Core

/// A solved recovery: all matrices, and the parent of every model.
public struct Lineage: Sendable {
  /// n x n; NaN where two models share nothing.
  public let distances: SquareMatrix
  public let relatedness: SquareMatrix
  public let scores: [Double]
  /// T, n x n of 0 and 1.
  public let direction: SquareMatrix
  /// M, n x n; NaN between families.
  public let cost: SquareMatrix
  /// Family number per model.
  public let families: [Int]
  /// Parent per model; nil for roots.
  public let parents: [Int?]
  /// The first of the models with the same weights; nil for all but the later ones.
  public let duplicateOf: [Int?]
  /// Per model: support of the edge to its parent, and of that edge's direction; 1 for roots.
  public let support: [Double]
  public let directionSupport: [Double]

  /// - Parameters:
  ///   - tensors: gathered sums of all compared tensors.
  ///   - n: number of models.
  ///   - excluded: models with unusable weights; each becomes a family of its own.
  ///   - sameSignature: do two models have the same tensors in the same types? Only then can they
  ///     be duplicates.
  public init(
    _ tensors: [TensorSums], models n: Int, excluded: Set<Int> = [], options: LineageOptions,
    sameSignature: (Int, Int) -> Bool
  ) {
    let direction = Direction(tensors, models: n, stage: options.stage)
    let related = Relatedness(tensors, models: n)
    let distances = options.metric.matrix(tensors, models: n)
    let usable = (0..<n).filter { !excluded.contains($0) }

    var labels = Array(repeating: -1, count: n)
    if let count = options.families {
      let found = Families.ward(distances.submatrix(usable), count: count)
      for (position, model) in usable.enumerated() { labels[model] = found[position] }
    } else {
      let found = Families.connected(usable.count) { related.areRelated(usable[$0], usable[$1]) }
      for (position, model) in usable.enumerated() { labels[model] = found[position] }
    }
    for model in excluded { labels[model] = n + model }
    // A copy belongs to its first, even where more families are asked for than there are different
    // models, or where constant weights tell nothing.
    let identical = Duplicates.find(
      tensors, models: n, excluded: excluded, sameSignature: sameSignature)
    for (model, first) in identical.enumerated() {
      if let first { labels[model] = labels[first] }
    }
    let families = Families.numbered(labels)

    let t = direction.matrix
    var cost = SquareMatrix(n, filledWith: .nan)
    for i in 0..<n { cost[i, i] = 0 }
    var parents: [Int?] = identical
    var support = Array(repeating: 1.0, count: n)
    var directionSupport = support
    for members in Self.groups(families) {
      // Later copies of the same weights hang below the first and take no part in the search.
      let distinct = members.filter { identical[$0] == nil }
      let part = Cost.matrix(
        distances: distances.submatrix(members), direction: t.submatrix(members),
        lambda: options.lambda)
      for (a, i) in members.enumerated() {
        for (b, j) in members.enumerated() { cost[i, j] = part[a, b] }
      }
      let found = Arborescence.parents(cost.submatrix(distinct))
      for (a, parent) in found.enumerated() { parents[distinct[a]] = parent.map { distinct[$0] } }
      let resampled = Support(
        tensors, members: distinct, parents: found, direction: direction, options: options)
      for (a, model) in distinct.enumerated() {
        support[model] = resampled.edges[a]
        directionSupport[model] = resampled.directions[a]
      }
    }
    self.distances = distances
    relatedness = related.ratio
    scores = direction.scores
    self.direction = t
    self.cost = cost
    self.families = families
    self.parents = parents
    duplicateOf = identical
    self.support = support
    self.directionSupport = directionSupport
  }

  /// Members of each family, ascending.
  private static func groups(_ families: [Int]) -> [[Int]] {
    var groups = Array(repeating: [Int](), count: (families.max() ?? -1) + 1)
    for (model, family) in families.enumerated() { groups[family].append(model) }
    return groups
  }
}
