internal import Core

/// The published rules (Horwitz, Shul, Hoshen 2024) and nothing else: neither likelihoods, nor merges or copies
/// found beforehand, nor a prior of shapes.
///
/// Models are compared on the square matrices that both have, each scored on the compared ones that it has. Other
/// tensors count for nothing; pairs that share no square matrix have no distance. When the number of families is not
/// given, relatedness decides it: the published method has no way of its own.
package struct PublishedRules: LineageMethod {
  private let options: LineageOptions
  private let isForbidden: @Sendable (_ parent: Int, _ child: Int) -> Bool
  private let layers: Layers

  /// The tensors that count for the distance and for the score.
  struct Layers: Sendable {
    let distance: SquareLayers
    let score: SquareLayers
  }

  package init(_ problem: LineageProblem) {
    options = problem.options
    isForbidden = problem.isForbidden
    layers = Layers(
      distance: options.metric.distanceLayers(options.distanceLayers),
      score: options.metric.scoreLayers(options.scoreLayers))
  }

  package func makeTotals(models n: Int) -> PublishedTotals { PublishedTotals(options.metric, layers, models: n) }

  package func makePairs(_ totals: PublishedTotals, _ families: FamilyGroups, tensors: Int) -> PublishedPairs {
    PublishedPairs(
      options.metric, options.stage, layers, scores: totals.scores, families: families.numbers)
  }

  package func events(
    _ totals: PublishedTotals, _ pairs: PairFindings<PublishedPairs>, _ families: FamilyGroups, copies: Set<Int>
  ) -> Events {
    Events(merges: families.families.map { _ in [] }, evidence: pairs.evidence)
  }

  package func graph(
    ofFamily number: Int, _ families: FamilyGroups, _ pairs: PairFindings<PublishedPairs>, _ events: Events
  ) -> FamilyGraph {
    let members = families.families[number].members
    let distances = pairs.distances.submatrix(members)
    let pricing = Cost(distances: distances, penalty: .step, lambda: options.lambda)
    var cost = pricing.matrix(distances: distances, evidence: events.evidence.submatrix(members))
    for (a, i) in members.enumerated() {
      for (b, j) in members.enumerated() where a != b && isForbidden(i, j) { cost[a, b] = .nan }
    }
    // The replicates of the published rules do not know which edges are forbidden; the tree does, by its costs.
    let search = TreeSearch(unit: 0, members: members, merges: []) { _, _ in false }
    return FamilyGraph(nodes: members, cost: cost, pricing: pricing, search: search)
  }

  package func suspects(
    _ trees: FamilyTrees, _ pairs: PairFindings<PublishedPairs>, _ events: Events
  ) -> Set<Int> { [] }

  package func continuedSteps(
    _ trees: FamilyTrees, _ totals: PublishedTotals, excluded: (Int) -> Bool
  ) -> Set<Int> { [] }

  package func parentTests(_ trees: FamilyTrees, _ pairs: PairFindings<PublishedPairs>) -> [ParentTest?] {
    trees.parents.map { _ in nil }
  }

  package func resampler(
    _ tree: FamilyTree, _ pairs: PairFindings<PublishedPairs>, _ events: Events
  ) -> PublishedResampler? {
    PublishedResampler(pairs.pairs, nodes: tree.nodes, options: options)
  }

  /// n x n, antisymmetric: score of the row's model less that of the column's, as kurtosis falls in fine-tuning; the
  /// reverse for pre-training.
  static func evidence(_ scores: [Double], _ stage: Stage) -> SquareMatrix {
    var evidence = SquareMatrix(scores.count)
    PairIndex(scores.count).forEach { _, i, j in
      let gap = stage == .generalization ? scores[j] - scores[i] : scores[i] - scores[j]
      evidence[i, j] = gap
      evidence[j, i] = -gap
    }
    return evidence
  }

  /// Adds a tensor's term to a pair's distance; NaN: none so far, or the tensor has none.
  static func combined(_ sum: Double, _ term: Double, _ metric: DistanceMetric) -> Double {
    guard !sum.isNaN else { return term }
    guard !term.isNaN else { return sum }
    return metric == .motherLoRA ? sum + term : max(sum, term)
  }

  /// Numerical rank of a pair's difference; NaN where it is not known.
  static func rank(_ tensor: TensorSums, _ pair: Int) -> Double {
    tensor.ranks[pair].map { Double($0.rank) } ?? .nan
  }
}
