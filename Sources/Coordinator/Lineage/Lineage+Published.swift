internal import Core
internal import Graph
internal import System

extension Lineage {
  /// The published rules and nothing else: no likelihoods, no merges or copies found beforehand, no
  /// prior of shapes. Without a given number of families, they are told by relatedness: the published
  /// method has no way of its own. Ranks along the edges still say how a model came from its parent.
  init(
    published source: some TensorSource, _ problem: LineageProblem,
    alongside: (TensorSums) throws(Failure) -> Void
  ) throws(Failure) {
    let (rounding, options) = (problem.rounding, problem.options)
    let n = rounding.count
    let scope = Scope(source.roles)
    var rules = PublishedRules(options, models: n)
    var related = Relatedness(models: n)
    var duplicates = Duplicates(models: n)
    var unusable = UnusableWeights()
    try source.eachTensor { tensor throws(Failure) in
      rules.count(tensor)
      if scope.includes(tensor) { related.add(TensorView(tensor)) }
      duplicates.add(tensor)
      unusable.add(tensor)
      try alongside(tensor)
    }
    let excluded = problem.adapters.union(unusable.findings.keys)
    let identical = duplicates.firsts(excluded: excluded, sameSignature: problem.haveSameSignature)
    let families = Self.families(
      n, excluded, identical, rules.clustered, count: options.families, related.areRelated)
    try source.eachTensor { tensor throws(Failure) in rules.measure(tensor, families: families) }

    let evidence = Self.evidence(rules.scores, options.stage)
    let direction = Cost.direction(evidence)
    var cost = SquareMatrix(n, filledWith: .nan)
    for i in 0..<n { cost[i, i] = 0 }
    var parents: [Int?] = Array(repeating: nil, count: n)
    var support = Array(repeating: 1.0, count: n)
    var directionSupport = support
    for members in Self.groups(families) {
      var part = Cost.matrix(
        distances: rules.distances.submatrix(members), direction: direction.submatrix(members),
        lambda: options.lambda)
      for (a, i) in members.enumerated() {
        for (b, j) in members.enumerated() {
          if i != j, problem.isForbidden(i, j) { part[a, b] = .nan }
          cost[i, j] = part[a, b]
        }
      }
      let found = Arborescence.parents(part)
      let resampled = PublishedSupport(rules, members: members, parents: found, options: options)
      for (a, model) in members.enumerated() {
        parents[model] = found[a].map { members[$0] }
        support[model] = resampled.edges[a]
        directionSupport[model] = resampled.directions[a]
      }
    }
    let edges = parents.indices.compactMap { child in
      parents[child].map { EdgeRanks.Edge(parent: $0, child: child) }
    }
    var ranks = EdgeRanks(
      edges, rounding: rounding, isSampled: !options.metric.statistics.contains(.sketch))
    try source.eachTensor { tensor throws(Failure) in
      if scope.includes(tensor) { ranks.add(tensor) }
    }
    relations = Self.relations(edges, ranks.findings, models: n) { edge in
      let same = (identical[edge.parent] ?? edge.parent) == (identical[edge.child] ?? edge.child)
      return same ? .duplicate : nil
    }
    rankEvidence = Self.rankEvidence(edges, ranks.findings, relations)
    mixtures = []
    distances = rules.distances
    relatedness = related.ratio
    scores = rules.scores
    self.evidence = evidence
    self.direction = direction
    self.cost = cost
    self.families = families
    self.parents = parents
    duplicateOf = identical
    self.support = support
    self.directionSupport = directionSupport
    self.unusable = unusable
  }

  /// n x n, antisymmetric: score of i less that of j, as kurtosis falls in fine-tuning; the reverse for
  /// pre-training.
  static func evidence(_ scores: [Double], _ stage: Stage) -> SquareMatrix {
    var evidence = SquareMatrix(scores.count)
    PairIndex(scores.count).forEach { _, i, j in
      let gap = stage == .generalization ? scores[j] - scores[i] : scores[i] - scores[j]
      evidence[i, j] = gap
      evidence[j, i] = -gap
    }
    return evidence
  }
}
