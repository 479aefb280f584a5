public import Core
package import Graph
internal import System

/// A solved recovery: all matrices, and the parent of every model.
public struct Lineage: Sendable {
  /// n x n; NaN where two models share nothing.
  public internal(set) var distances: SquareMatrix
  public let relatedness: SquareMatrix
  public let scores: [Double]
  /// n x n, antisymmetric: > 0 speaks for i before j.
  public let evidence: SquareMatrix
  /// T, n x n of 0 and 1.
  public let direction: SquareMatrix
  /// M, n x n; NaN between families.
  public let cost: SquareMatrix
  /// Family number per model.
  public internal(set) var families: [Int]
  /// Parent per model; nil for roots.
  public internal(set) var parents: [Int?]
  /// How each model came from its parent; nil for roots.
  package internal(set) var relations: [Relation?]
  /// Of low-rank updates: how the rank was found.
  package let rankEvidence: [RankEvidence?]
  /// Models that are weighted means of others.
  public let mixtures: [Merge]
  /// The first of the models with the same weights; nil for all but the later ones.
  public let duplicateOf: [Int?]
  /// Per model: support of the edge to its parent, and of that edge's direction; 1 for roots.
  public internal(set) var support: [Double]
  public internal(set) var directionSupport: [Double]
  /// Models that were set aside, each a family of its own.
  public let unusable: UnusableWeights

  init(
    likeliest source: some TensorSource, _ problem: LineageProblem,
    alongside: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    let (rounding, options) = (problem.rounding, problem.options)
    let n = rounding.count
    let scope = Scope(source.roles)
    var direction = Direction(stage: options.stage, models: n)
    var related = Relatedness(models: n)
    var sums = DistanceSums(options.metric, models: n)
    var geometry = Merge.Geometry(
      squares: SquareMatrix(n), energies: Array(repeating: 0, count: n), rounding: rounding)
    var duplicates = Duplicates(models: n)
    var unusable = UnusableWeights()
    try source.eachTensor { tensor throws(Failure) in
      let isLinear = scope.includes(tensor)
      let view = TensorView(tensor)
      if isLinear {
        direction.add(view)
        related.add(view)
        tensor.forEachPair { p, a, b in
          let (i, j) = (tensor.models[a], tensor.models[b])
          geometry.squares.setBoth(i, j, geometry.squares[i, j] + tensor.sums.l2[p])
        }
        for (a, i) in tensor.models.enumerated() { geometry.energies[i] += view.energies[a] }
      }
      sums.add(view, isLinear: isLinear)
      duplicates.add(tensor)
      unusable.add(tensor)
      try alongside(tensor)
    }
    let excluded = problem.adapters.union(unusable.findings.keys)
    let identical = duplicates.firsts(excluded: excluded, sameSignature: problem.haveSameSignature)
    var distances = sums.matrix
    let families = Self.families(
      n, excluded, identical, distances, count: options.families, related.areRelated)

    // Later copies of the same weights hang below the first and take no part in the search.
    let groups = Self.groups(families)
    let distinct = groups.map { $0.filter { identical[$0] == nil } }
    let candidates = Candidates(families: distinct, distances: distances)
    var look = PairStatistics(candidates, metric: options.metric, rounding: rounding, tensors: source.roles.count)
    try source.eachTensor { tensor throws(Failure) in
      look.add(TensorView(tensor), direction, isLinear: scope.includes(tensor))
    }
    var roundings: [Int: Int] = [:]
    for (p, pair) in candidates.pairs.enumerated() {
      distances.setBoth(pair.first, pair.second, look.distance(p))
    }

    var evidence = direction.evidence
    for (p, pair) in candidates.pairs.enumerated() where options.stage == .auto {
      evidence[pair.first, pair.second] = look.evidence(p, direction)
      evidence[pair.second, pair.first] = -evidence[pair.first, pair.second]
      guard look.rounding(p) != 0 else { continue }
      let (source, copy) = look.rounding(p) > 0 ? (pair.first, pair.second) : (pair.second, pair.first)
      evidence[source, copy] = Self.certain
      evidence[copy, source] = -Self.certain
      let known = roundings[copy]
      let squares = geometry.squares
      if known.map({ squares[source, copy] < squares[$0, copy] }) ?? true { roundings[copy] = source }
    }
    // The published rules know neither tokens, nor mixtures, nor a prior of shapes.
    let isOurs = options.metric == .auto && options.stage == .auto
    let mixed = distinct.map { members in
      isOurs ? Merge.find(geometry, members: members.filter { roundings[$0] == nil }) : []
    }
    for mixture in mixed.joined() {
      for parent in mixture.parents {
        evidence[parent, mixture.child] = Self.certain
        evidence[mixture.child, parent] = -Self.certain
      }
    }
    var penalties = evidence
    for p in penalties.values.indices {
      penalties.values[p] = Cost.penalty(evidence.values[p], stage: options.stage)
    }
    var cost = SquareMatrix(n, filledWith: .nan)
    for i in 0..<n { cost[i, i] = 0 }
    var parents: [Int?] = identical
    var support = Array(repeating: 1.0, count: n)
    var directionSupport = support
    var mixtures: [Merge] = []
    for ((members, distinct), mixed) in zip(zip(groups, distinct), mixed) {
      let near = distances.submatrix(members)
      let part = Cost.matrix(
        distances: near, direction: penalties.submatrix(members), lambda: options.lambda)
      for (a, i) in members.enumerated() {
        for (b, j) in members.enumerated() { cost[i, j] = part[a, b] }
      }
      var touched = SquareMatrix(distinct.count)
      if isOurs {
        touched = look.touched(distinct)
        let unit = Cost.touchedTokens * Cost.mean(near)
        for (a, i) in distinct.enumerated() {
          for (b, j) in distinct.enumerated() { cost[i, j] += unit * touched[a, b] }
        }
      }
      mixtures += mixed
      let search = TreeSearch(
        unit: isOurs ? options.lambda / 10 * Cost.mean(near) : 0, members: distinct, mixtures: mixed,
        isForbidden: problem.isForbidden)
      let found = search.parents(cost.submatrix(distinct))
      for (a, parent) in found.enumerated() { parents[distinct[a]] = parent.map { distinct[$0] } }
      let resampled = Support(
        look, members: distinct, parents: found, direction: direction, meanDistance: Cost.mean(near),
        fixed: evidence, touched: touched, tensors: source.roles.count, options: options, search: search)
      for (a, model) in distinct.enumerated() {
        support[model] = resampled.edges[a]
        directionSupport[model] = resampled.directions[a]
      }
    }
    let edges = parents.indices.compactMap { child in
      parents[child].map { EdgeRanks.Edge(parent: $0, child: child) }
    }
    var ranks = EdgeRanks(
      edges, rounding: rounding, isSampled: !options.metric.statistics.contains(.sketch))
    let roles = source.roles
    try source.eachTensor(where: { scope.includes(roles[$0]) && ranks.isOpen }) { tensor throws(Failure) in
      ranks.add(tensor)
    }
    relations = Self.relations(edges, ranks.findings, models: n) { edge in
      if identical[edge.child] != nil { return .duplicate }
      if mixtures.contains(where: { $0.child == edge.child }) { return .merge }
      return roundings[edge.child] == edge.parent ? .quantized : nil
    }
    rankEvidence = Self.rankEvidence(edges, ranks.findings, relations)
    self.mixtures = mixtures
    self.distances = distances
    relatedness = related.ratio
    scores = direction.scores
    self.evidence = evidence
    self.direction = Cost.direction(evidence)
    self.cost = cost
    self.families = families
    self.parents = parents
    duplicateOf = identical
    self.support = support
    self.directionSupport = directionSupport
    self.unusable = unusable
  }

  /// Evidence of a rounded copy, in nats: nothing else speaks against it.
  private static let certain = 50.0

  /// - Parameter known: what is known of an edge beside ranks.
  static func relations(
    _ edges: [EdgeRanks.Edge], _ findings: [EdgeRanks.Finding], models n: Int,
    known: (EdgeRanks.Edge) -> Relation?
  ) -> [Relation?] {
    var relations: [Relation?] = Array(repeating: nil, count: n)
    for (edge, finding) in zip(edges, findings) {
      relations[edge.child] = known(edge) ?? (finding.isLowRank ? .lora(rank: finding.rank) : .finetune)
    }
    return relations
  }

  static func rankEvidence(
    _ edges: [EdgeRanks.Edge], _ findings: [EdgeRanks.Finding], _ relations: [Relation?]
  ) -> [RankEvidence?] {
    var evidence: [RankEvidence?] = relations.map { _ in nil }
    for (edge, finding) in zip(edges, findings) where relations[edge.child]?.rank != nil {
      evidence[edge.child] = finding.evidence
    }
    return evidence
  }

  static func families(
    _ n: Int, _ excluded: Set<Int>, _ identical: [Int?], _ distances: SquareMatrix, count: Int?,
    _ areRelated: (Int, Int) -> Bool
  ) -> [Int] {
    let usable = (0..<n).filter { !excluded.contains($0) }
    let found =
      if let count {
        Families.ward(distances.submatrix(usable), count: count)
      } else {
        Families.connected(usable.count) { areRelated(usable[$0], usable[$1]) }
      }
    // Models that are set aside get numbers that nobody else has.
    var labels = (0..<n).map { n + $0 }
    for (position, model) in usable.enumerated() { labels[model] = found[position] }
    // A copy belongs to its first, even where more families are asked for than there are different
    // models, or where constant weights tell nothing.
    for (model, first) in identical.enumerated() {
      if let first { labels[model] = labels[first] }
    }
    return Families.numbered(labels)
  }

  /// Members of each family, ascending.
  static func groups(_ families: [Int]) -> [[Int]] {
    var groups = Array(repeating: [Int](), count: (families.max() ?? -1) + 1)
    for (model, family) in families.enumerated() { groups[family].append(model) }
    return groups
  }
}
