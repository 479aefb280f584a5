internal import CKernels
package import Core

/// What each tensor says about each candidate pair: the exact distances, and the terms from which resamplings are
/// made.
package struct PairStatistics: PairEvidence {
  /// Places in a pair's terms after those of `DirectionModel`.
  private static let distance = 14
  private static let shared = 15

  /// Pairs whose terms take longer than it takes to wake another thread.
  private static let manyPairs = 128
  /// What an edge along which untouched rows get longer costs, as a fraction of trained tokens.
  private static let longerRows = 0.1
  /// Evidence, in nats, that no resampling could turn around.
  private static let firm = 25.0

  package let candidates: Candidates
  /// How many tensors are added in all.
  package let tensors: Int
  /// Of pairs that are no candidates.
  private let provisional: SquareMatrix
  private let metric: DistanceMetric
  private let direction: Direction
  /// Of all tensors, weight 1 each.
  private var sums: [DirectionModel.Terms]
  private var largest: [Double]
  /// The largest squared angle of any linear map.
  private var widest: [Double]
  /// Does one of the pair have a part of another network? See `ReplacedTensors`.
  private let patched: [Bool]
  /// candidates x tensors; floats, as resampling needs no more.
  private var terms: [SIMD16<Float>]
  private var tallies: [Rounding.Tally]
  private var casts: [CastTally]
  private var prunings: [PruningTally]
  private var decays: [Decay]
  /// What resamplings need to know of the decays; empty before all tensors were added.
  private var priors: [DirectionModel.DecayPrior] = []
  /// nil where merges are not looked for.
  package private(set) var neighborhoods: Neighborhoods?
  private var row = 0

  /// - Parameters:
  ///   - provisional: n x n distances of all pairs; those of candidates are replaced by exact ones.
  ///   - direction: of the first reading, over all tensors.
  ///   - rounding: unit roundoff of the type that each model is stored in.
  ///   - tensors: how many will be added.
  ///   - patched: by candidate, does one of the two have a part of another network? nil: it does not matter.
  ///   - neighborhoods: still empty; nil where merges are not looked for.
  package init(
    _ candidates: Candidates, _ provisional: SquareMatrix, metric: DistanceMetric, direction: Direction,
    rounding: [Double], tensors: Int, patched: [Bool]? = nil,
    neighborhoods: Neighborhoods? = nil
  ) {
    self.candidates = candidates
    self.provisional = provisional
    self.metric = metric
    self.direction = direction
    self.tensors = tensors
    self.neighborhoods = neighborhoods
    self.patched = patched ?? candidates.pairs.map { _ in false }
    sums = Array(repeating: .zero, count: candidates.pairs.count)
    tallies = Array(repeating: Rounding.Tally(), count: candidates.pairs.count)
    casts = candidates.pairs.map { _ in CastTally() }
    prunings = candidates.pairs.map { _ in PruningTally() }
    decays = candidates.pairs.map { Decay(rounding: (rounding[$0.first], rounding[$0.second])) }
    largest = Array(repeating: 0, count: candidates.pairs.count)
    widest = largest
    terms = Array(repeating: .zero, count: candidates.pairs.count * tensors)
  }

  package mutating func add(_ view: TensorView, _ scope: Scope) {
    defer { row += 1 }
    let shared = shared(by: view.tensor.models)
    addTerms(view, shared, scope)
    if let block = view.tensor.sums.samples.first { addTallies(block, shared) }
    neighborhoods?.add(view, scope)
  }

  /// A candidate in one tensor: the pair in the tensor's sums, and the places of its models there.
  private struct Shared: Sendable {
    let candidate: Int
    let pair: Int
    let a: Int
    let b: Int
  }

  /// The candidates of which both models have a tensor.
  private func shared(by models: [Int]) -> [Shared] {
    let index = PairIndex(models.count)
    let places = Dictionary(uniqueKeysWithValues: models.enumerated().map { ($1, $0) })
    return candidates.pairs.enumerated().compactMap { p, pair in
      guard let a = places[pair.first], let b = places[pair.second] else { return nil }
      return Shared(candidate: p, pair: index(a, b), a: a, b: b)
    }
  }

  private mutating func addTerms(_ view: TensorView, _ shared: [Shared], _ scope: Scope) {
    let (metric, direction, models) = (metric, direction, view.tensor.models)
    let isInScope = shared.map {
      // Parts that were replaced say nothing of how the rest came about.
      scope.includes(view.tensor.role, models[$0.a], models[$0.b])
        && !(patched[$0.candidate] && ReplacedTensors.isElsewhere(view.squaredAngle($0.pair, $0.a, $0.b)))
    }
    let ranks =
      metric == .auto && isInScope.contains(true) ? view.effectiveRanks(shared.map { ($0.pair, $0.a, $0.b) }) : []
    let found = Parallel.map(shared.count, least: Self.manyPairs) { k -> DirectionModel.Terms in
      let (pair, a, b) = (shared[k].pair, shared[k].a, shared[k].b)
      var terms = isInScope[k] ? direction.terms(view, pair, a, b) : .zero
      if isInScope[k] || !metric.isLinear {
        terms[Self.distance] = metric.term(
          view, pair, a, b, effectiveRank: ranks.isEmpty ? view.largestEffectiveRank : ranks[k])
        terms[Self.shared] = 1
      }
      return terms
    }
    for (new, shared) in zip(found, shared) {
      let p = shared.candidate
      sums[p] += new
      largest[p] = max(largest[p], new[Self.distance])
      widest[p] = max(widest[p], DirectionModel.meanSquaredAngle(new))
      terms[p * tensors + row] = SIMD16<Float>(new)
      decays[p].add(view, pair: shared.pair, shared.a, shared.b)
    }
  }

  /// - Parameter block: the tensor's first sampled submatrix.
  private mutating func addTallies(_ block: SampleBlock, _ shared: [Shared]) {
    for pair in shared {
      casts[pair.candidate].add(block, pair.a, pair.b)
      prunings[pair.candidate].add(block, pair.a, pair.b)
    }
    let open = shared.filter { !tallies[$0.candidate].isRefuted }
    let known = open.map { tallies[$0.candidate] }
    let found = Parallel.map(open.count) { k in
      var tally = known[k]
      Rounding.compare(block, open[k].a, open[k].b, into: &tally)
      return tally
    }
    for (k, tally) in found.enumerated() { tallies[open[k].candidate] = tally }
  }

  package mutating func complete() {
    let decays = decays
    priors = Parallel.map(decays.count, least: Self.manyPairs) { DirectionModel.DecayPrior(decays[$0]) }
  }

  // MARK: What all tensors say

  package var distances: SquareMatrix {
    var distances = provisional
    for (p, pair) in candidates.pairs.enumerated() { distances.setBoth(pair.first, pair.second, distance(p)) }
    return distances
  }

  private func distance(_ candidate: Int) -> Double {
    let sums = sums[candidate]
    return metric.distance(metric == .max ? largest[candidate] : sums[Self.distance], sums[Self.shared])
  }

  package var evidence: SquareMatrix {
    var evidence = direction.evidence
    guard direction.stage == .auto else { return evidence }
    let found = Parallel.map(candidates.pairs.count, least: Self.manyPairs) {
      direction.evidence(sums[$0], decays[$0], priors[$0])
    }
    for (pair, nats) in zip(candidates.pairs, found) {
      evidence[pair.first, pair.second] = nats
      evidence[pair.second, pair.first] = -nats
    }
    return evidence
  }

  /// Is one of the pair the other in another floating-point type, weight by weight?
  func isCast(_ candidate: Int) -> Bool { casts[candidate].verdict != 0 }

  /// Is one of the pair the other with some weights set to zero, and nothing else?
  func isPruning(_ candidate: Int) -> Bool { prunings[candidate].verdict != 0 }

  /// Mean squared angle of the linear maps that differ; 0 for pairs that are no candidates.
  func meanSquaredAngle(parent: Int, child: Int) -> Double {
    candidates.place(parent, child).map { DirectionModel.meanSquaredAngle(sums[$0]) } ?? 0
  }

  /// Was a part of one replaced in the other: does a tensor point elsewhere while the others hardly moved?
  func isPatched(parent: Int, child: Int) -> Bool {
    guard let candidate = candidates.place(parent, child) else { return false }
    return patched[candidate]
      || widest[candidate] > Self.elsewhere
        && widest[candidate] > Self.outstanding * DirectionModel.meanSquaredAngle(sums[candidate])
  }

  /// Squared angle from which on a tensor is another one, and how far it must be above the mean.
  private static let elsewhere = 1.0
  private static let outstanding = 3.0

  /// Are all linear maps of the pair the same, and all tokens that both have?
  func isUnmoved(_ candidate: Int) -> Bool {
    !DirectionModel.hasMoved(sums[candidate]) && (decays[candidate].trainedTokenFraction ?? 0) == 0
  }

  /// Log likelihood ratio of two models being siblings against the first of them being the parent, in nats; nil for
  /// pairs that are no candidates.
  func siblingOdds(parent: Int, child: Int) -> Double? {
    guard direction.stage == .auto, let candidate = candidates.place(parent, child) else { return nil }
    return DirectionModel.siblings(sums[candidate], decays[candidate], sign: parent < child ? 1 : -1)
  }

  /// See `Decay.tableGrowth`.
  func tableGrowth(parent: Int, child: Int) -> Double? {
    guard let candidate = candidates.place(parent, child) else { return nil }
    return decays[candidate].tableGrowth.map { parent < child ? $0 : -$0 }
  }

  /// 1: the second of the pair is the first, rounded or pruned; -1: the other way around; 0: neither.
  package func rounding(_ candidate: Int) -> Int {
    [prunings[candidate].verdict, casts[candidate].verdict].first { $0 != 0 } ?? tallies[candidate].verdict
  }

  /// Fraction of the tokens that were trained between parent (row) and child (column), see `Decay`: m x m; 0 for
  /// pairs that are no candidates.
  ///
  /// What is not known of a child and one of its candidates, because they have no table in common, is taken to be
  /// the least of what is known of its others: it speaks neither for nor against. An edge along which untouched rows
  /// get longer costs as if many tokens had been trained.
  ///
  /// - Parameter members: m models of one family.
  package func trainedTokenFraction(_ members: [Int]) -> SquareMatrix {
    var known = SquareMatrix(members.count, filledWith: .nan)
    PairIndex(members.count).forEach { _, a, b in
      if let candidate = candidates.place(members[a], members[b]),
        let fraction = decays[candidate].trainedTokenFraction
      {
        known.setBoth(a, b, fraction)
      }
    }
    var fractions = SquareMatrix(members.count)
    for child in members.indices {
      let least = members.indices.map { known[$0, child] }.filter { !$0.isNaN }.min() ?? 0
      for parent in members.indices where parent != child {
        let fraction = known[parent, child]
        fractions[parent, child] = fraction.isNaN ? least : fraction
        guard let candidate = candidates.place(members[parent], members[child]) else { continue }
        let forward = members[parent] < members[child] ? 1 : -1
        if decays[candidate].lengthening == forward { fractions[parent, child] += Self.longerRows }
      }
    }
    return fractions
  }

  // MARK: Resampling

  /// Tensors that count for the distance of some candidate, ascending.
  func tensors(of chosen: [Int]) -> [Int] {
    (0..<tensors).filter { row in chosen.contains { terms[$0 * tensors + row][Self.shared] > 0 } }
  }

  /// How often each tensor counts in a resampling: those that do, and how often.
  package struct Draw: Sendable {
    fileprivate let rows: [UInt32]
    fileprivate let weights: [Float]

    /// - Parameter weights: of all tensors.
    package init(_ weights: [Float]) {
      rows = weights.indices.filter { weights[$0] > 0 }.map(UInt32.init)
      self.weights = weights.filter { $0 > 0 }
    }
  }

  /// What resamplings of a candidate need to know beside its terms.
  func decayPrior(_ candidate: Int) -> DirectionModel.DecayPrior { priors[candidate] }

  /// What a candidate's tensors say together in a resampling.
  package struct Resampled: Sendable {
    fileprivate let sum: SIMD16<Float>
  }

  func resampled(_ candidate: Int, _ draw: Draw) -> Resampled {
    var sum = SIMD16<Float>.zero
    terms.withUnsafeBytes { terms in
      let own = terms.baseAddress.map { $0 + candidate * tensors * MemoryLayout<SIMD16<Float>>.stride }
      withUnsafeMutableBytes(of: &sum) { sum in
        mt_weigh(
          own?.assumingMemoryBound(to: Float.self), draw.weights, draw.rows, draw.rows.count,
          sum.baseAddress?.assumingMemoryBound(to: Float.self))
      }
    }
    return Resampled(sum: sum)
  }

  /// The largest difference is not a sum over tensors: there the mean of the tensors' largest is taken.
  func distance(_ resampled: Resampled) -> Double {
    let (distance, count) = (Double(resampled.sum[Self.distance]), Double(resampled.sum[Self.shared]))
    return metric.distance(metric == .max && count > 0 ? distance / count : distance, count)
  }

  /// Evidence that no resampling could turn around is kept as it is.
  ///
  /// - Parameter evidence: of all tensors.
  func evidence(_ resampled: Resampled, _ decay: DirectionModel.DecayPrior, evidence: Double) -> Double {
    let wide = DirectionModel.Terms(resampled.sum)
    let isFirm = direction.stage == .auto && (abs(evidence) > Self.firm || !DirectionModel.hasMoved(wide))
    return isFirm ? evidence : direction.quickEvidence(wide, decay)
  }
}
