internal import CKernels
internal import Core

/// What each tensor says of each candidate pair: the exact distances, and the terms from which
/// resamplings are made.
struct PairStatistics: Sendable {
  /// Places in a pair's terms after those of `DirectionModel`.
  private static let distance = 14
  private static let shared = 15

  /// Pairs whose terms take longer than it takes to wake another thread.
  private static let manyPairs = 128
  /// Share of trained tokens that an edge along which rows get longer counts as.
  private static let longerRows = 0.1

  let candidates: Candidates
  private let metric: DistanceMetric
  private let tensors: Int
  /// Of all tensors, weight 1 each.
  private var sums: [DirectionModel.Terms]
  private var largest: [Double]
  /// candidates x tensors; floats, as resampling asks for no more.
  private var terms: [SIMD16<Float>]
  private var tallies: [Rounding.Tally]
  private var decays: [Decay]
  private var row = 0

  /// - Parameters:
  ///   - rounding: unit roundoff of the type that each model is stored in.
  ///   - tensors: how many will be added.
  init(_ candidates: Candidates, metric: DistanceMetric, rounding: [Double], tensors: Int) {
    self.candidates = candidates
    self.metric = metric
    self.tensors = tensors
    sums = Array(repeating: .zero, count: candidates.pairs.count)
    tallies = Array(repeating: Rounding.Tally(), count: candidates.pairs.count)
    decays = candidates.pairs.map { Decay(rounding: (rounding[$0.first], rounding[$0.second])) }
    largest = Array(repeating: 0, count: candidates.pairs.count)
    terms = Array(repeating: .zero, count: candidates.pairs.count * tensors)
  }

  /// - Parameter isLinear: is the tensor among those that tell the direction?
  mutating func add(_ view: TensorView, _ direction: Direction, isLinear: Bool) {
    defer { row += 1 }
    let shared = shared(by: view.tensor.models)
    let metric = metric
    let counts = isLinear || !metric.isLinear
    let spreads = counts && metric == .auto ? view.spreads(shared.map { ($0.pair, $0.a, $0.b) }) : []
    let found = Parallel.map(shared.count, least: Self.manyPairs) { k -> DirectionModel.Terms in
      let (_, pair, a, b) = shared[k]
      var terms = isLinear ? direction.terms(view, pair, a, b) : .zero
      if counts {
        terms[Self.distance] = metric.term(
          view, pair, a, b, spread: spreads.isEmpty ? view.largestSpread : spreads[k])
        terms[Self.shared] = 1
      }
      return terms
    }
    for (k, new) in found.enumerated() {
      let (p, pair, a, b) = shared[k]
      sums[p] += new
      largest[p] = max(largest[p], new[Self.distance])
      terms[p * tensors + row] = SIMD16<Float>(new)
      decays[p].add(view, pair: pair, a, b)
    }
    guard let block = view.tensor.sums.samples.first else { return }
    let open = shared.filter { !tallies[$0.candidate].isRefuted }
    let known = open.map { tallies[$0.candidate] }
    let looked = Parallel.map(open.count) { k in
      var tally = known[k]
      Rounding.look(block, open[k].a, open[k].b, into: &tally)
      return tally
    }
    for (k, tally) in looked.enumerated() { tallies[open[k].candidate] = tally }
  }

  /// The candidates that both have a tensor: the pair in its sums, and their places there.
  private func shared(by models: [Int]) -> [(candidate: Int, pair: Int, a: Int, b: Int)] {
    let index = PairIndex(models.count)
    let places = Dictionary(uniqueKeysWithValues: models.enumerated().map { ($1, $0) })
    return candidates.pairs.enumerated().compactMap { p, pair in
      guard let a = places[pair.first], let b = places[pair.second] else { return nil }
      return (p, index(a, b), a, b)
    }
  }

  /// 1: the second of the pair is the first, rounded; -1: the other way round; 0: neither.
  func rounding(_ candidate: Int) -> Int { tallies[candidate].verdict }

  /// What speaks for the first of the pair being the parent of the second.
  func evidence(_ candidate: Int, _ direction: Direction) -> Double {
    direction.evidence(sums[candidate], decays[candidate])
  }

  /// Share of the tokens that were trained between parent (row) and child (column) of a family, see
  /// `Decay`; 0 for pairs that are no candidates. What is not known of a child and one of its candidates
  /// (another vocabulary) is taken to be the mean of its others: no way round through such a model is
  /// cheaper than the known one. Where
  /// untouched rows get longer, an edge costs as if many tokens had been trained.
  func touched(_ members: [Int]) -> SquareMatrix {
    var known = SquareMatrix(members.count, filledWith: .nan)
    PairIndex(members.count).forEach { _, a, b in
      if let candidate = candidates.place(members[a], members[b]), let share = decays[candidate].touched {
        known.setBoth(a, b, share)
      }
    }
    var shares = SquareMatrix(members.count)
    for child in members.indices {
      let told = members.indices.map { known[$0, child] }.filter { !$0.isNaN }
      let mean = told.isEmpty ? 0 : told.reduce(0, +) / Double(told.count)
      for parent in members.indices where parent != child {
        let share = known[parent, child]
        shares[parent, child] = share.isNaN ? mean : share
        guard let candidate = candidates.place(members[parent], members[child]) else { continue }
        let forward = members[parent] < members[child] ? 1 : -1
        if decays[candidate].lengthening == forward { shares[parent, child] += Self.longerRows }
      }
    }
    return shares
  }

  /// The distance of a candidate.
  func distance(_ candidate: Int) -> Double {
    let sums = sums[candidate]
    return metric.distance(metric == .max ? largest[candidate] : sums[Self.distance], sums[Self.shared])
  }

  /// How often each tensor counts in a resampling: those that do, and how often.
  struct Draw: Sendable {
    let rows: [UInt32]
    let weights: [Float]

    /// - Parameter weights: of all tensors.
    init(_ weights: [Float]) {
      rows = weights.indices.filter { weights[$0] > 0 }.map(UInt32.init)
      self.weights = weights.filter { $0 > 0 }
    }
  }

  /// What resamplings of a candidate need to know beside its terms.
  func judge(_ candidate: Int) -> DirectionModel.DecayPrior { DirectionModel.DecayPrior(decays[candidate]) }

  /// Distance and evidence of a candidate in a resampling. The largest difference is no sum over
  /// tensors: there the mean of the tensors' largest is taken. Evidence that no resampling could turn
  /// round is taken as it is.
  ///
  /// - Parameter evidence: of all tensors.
  func resampled(
    _ candidate: Int, _ draw: Draw, _ direction: Direction, _ judge: DirectionModel.DecayPrior, evidence: Double
  ) -> (distance: Double, evidence: Double) {
    var sum = SIMD16<Float>.zero
    terms.withUnsafeBytes { terms in
      let own = terms.baseAddress.map { $0 + candidate * tensors * MemoryLayout<SIMD16<Float>>.stride }
      withUnsafeMutableBytes(of: &sum) { sum in
        mt_weigh(
          own?.assumingMemoryBound(to: Float.self), draw.weights, draw.rows, draw.rows.count,
          sum.baseAddress?.assumingMemoryBound(to: Float.self))
      }
    }
    let wide = DirectionModel.Terms(sum)
    let count = wide[Self.shared]
    let distance = metric.distance(
      metric == .max && count > 0 ? wide[Self.distance] / count : wide[Self.distance], count)
    let isFirm = direction.stage == .auto && abs(evidence) > Self.firm
    return (distance, isFirm ? evidence : direction.quickEvidence(wide, judge))
  }

  private static let firm = 25.0
}
