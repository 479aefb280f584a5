package import Core

/// The program's own method: the order of models by the likelihood of what their weights did, trees by all that is
/// known.
///
/// With another distance than `auto`, or an order by kurtosis, it leaves out what has no place there: tokens, merges
/// and the prior of shapes.
package struct LikelihoodMethod: LineageMethod {
  private let options: LineageOptions
  private let rounding: [Double]
  private let tokens: [Int]
  private let noise: @Sendable (_ tensor: Int, _ model: Int) -> Double
  private let upcycled: Set<Int>
  private let isForbidden: @Sendable (_ parent: Int, _ child: Int) -> Bool
  /// Neither the distance nor the stage is one of those kept for comparison.
  private let isComplete: Bool

  /// Cost of a factor e in the probability of a tree's shape, in largest penalties.
  private static let shapeWeight = 10.0

  package init(_ problem: LineageProblem) {
    options = problem.options
    rounding = problem.rounding
    tokens = problem.tokens
    noise = problem.noise
    upcycled = problem.upcycled
    isForbidden = problem.isForbidden
    isComplete = options.metric == .auto && options.stage == .auto
  }

  package struct Totals: ComparisonTotals {
    package var direction: Direction
    package var sums: DistanceSums
    package var geometry: Merge.Geometry
    package var replaced: ReplacedTensors

    package mutating func add(_ view: TensorView, _ scope: Scope) {
      direction.add(view, scope)
      geometry.add(view, scope)
      replaced.add(view)
      sums.add(view, scope)
    }

    /// Provisional: pairs that are no near relatives have the largest possible distance.
    package var clusteringDistances: SquareMatrix { sums.matrix }

    package var scores: [Double] { direction.scores }
  }

  package func makeTotals(models n: Int) -> Totals {
    Totals(
      direction: Direction(stage: options.stage, models: n), sums: DistanceSums(options.metric, models: n),
      geometry: Merge.Geometry(models: n), replaced: ReplacedTensors(models: n))
  }

  package func makePairs(_ totals: Totals, _ families: FamilyGroups, tensors: Int) -> PairStatistics {
    let distances = totals.sums.matrix
    let candidates = Candidates(families: families.families.map(\.distinct), distances: distances)
    return PairStatistics(
      candidates, distances,
      metric: options.metric, direction: totals.direction, rounding: rounding, tensors: tensors,
      patched: isComplete ? candidates.pairs.map { totals.replaced.isPatched($0.first, $0.second) } : nil,
      neighborhoods: isComplete ? Neighborhoods(families, totals.geometry, rounding: rounding) : nil)
  }

  package func events(
    _ totals: Totals, _ pairs: PairFindings<PairStatistics>, _ families: FamilyGroups, copies: Set<Int>
  ) -> Events {
    var events = EventDetection(
      findsRoundings: options.stage == .auto, findsMerges: isComplete, tokens: tokens, noMerges: upcycled.union(copies)
    ).run(totals.geometry, pairs, families)
    if isComplete {
      for family in families.families { events.patched.formUnion(totals.replaced.patched(among: family.distinct)) }
    }
    return events
  }

  package func graph(
    ofFamily number: Int, _ families: FamilyGroups, _ pairs: PairFindings<PairStatistics>, _ events: Events
  ) -> FamilyGraph {
    let family = families.families[number]
    let distances = pairs.distances.submatrix(family.members)
    let pricing = Cost(
      distances: distances, penalty: Penalty(options.metric, options.stage), lambda: options.lambda,
      trainedTokenFraction: isComplete ? pairs.pairs.trainedTokenFraction(family.distinct) : nil)
    var cost = pricing.matrix(distances: distances, evidence: events.evidence.submatrix(family.members))
    let places = family.members.indices.filter { families.copyOf[family.members[$0]] == nil }
    for (parent, a) in places.enumerated() {
      for (child, b) in places.enumerated() { cost[a, b] += pricing.tokens(parent: parent, child: child) }
    }
    let search = TreeSearch(
      unit: isComplete ? options.lambda / Self.shapeWeight * pricing.meanDistance : 0, members: family.distinct,
      merges: events.merges[number], fixed: events.fixedParents
    ) { parent, child in
      isForbidden(parent, child) || events.closed.contains(.init(parent: parent, child: child))
    }
    return FamilyGraph(nodes: family.distinct, cost: cost, pricing: pricing, search: search)
  }

  package func parentTests(_ trees: FamilyTrees, _ pairs: PairFindings<PairStatistics>) -> [ParentTest?] {
    // Of each model that is asked for: the largest error of any of its encodings.
    let asked = Set(trees.parents.enumerated().flatMap { child, parent in parent.map { [child, $0] } ?? [] })
    var errors: [Int: Double] = [:]
    for model in asked { errors[model] = (0..<pairs.pairs.tensors).map { noise($0, model) }.max() ?? 0 }
    return trees.parents.enumerated().map { child, parent in
      guard isComplete, let parent else { return nil }
      let error = (errors[parent] ?? 0) + (errors[child] ?? 0)
      return ParentTest(parent: parent, child: child, error: error, pairs.pairs)
    }
  }

  package func suspects(
    _ trees: FamilyTrees, _ pairs: PairFindings<PairStatistics>, _ events: Events
  ) -> Set<Int> {
    guard let neighborhoods = pairs.pairs.neighborhoods else { return [] }
    return MergeSuspects(neighborhoods).run(
      without: Set(events.merges.joined().map(\.child)), parents: trees.parents
    ).filter { !events.isCopy($0) }
  }

  package func continuedSteps(_ trees: FamilyTrees, _ totals: Totals, excluded: (Int) -> Bool) -> Set<Int> {
    isComplete ? ContinuedSteps(totals.geometry).run(parents: trees.parents, excluded: excluded) : []
  }

  package func resampler(
    _ tree: FamilyTree, _ pairs: PairFindings<PairStatistics>, _ events: Events
  ) -> PairResampler? {
    PairResampler(pairs.pairs, tree, evidence: events.evidence, options: options)
  }
}
