internal import Core

/// What each tensor says of each candidate pair: the exact distances, and the terms from which
/// resamplings are made.
struct CloseLook {
  /// Places in a pair's terms after those of `DirectionModel`.
  private static let distance = 14
  private static let shared = 15
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
    let index = PairIndex(view.tensor.models.count)
    let places = Dictionary(uniqueKeysWithValues: view.tensor.models.enumerated().map { ($1, $0) })
    let (pairs, metric) = (candidates.pairs, metric)
    let counts = isLinear || !metric.isLinear
    let found = Parallel.map(pairs.count) { p -> DirectionModel.Terms in
      guard let a = places[pairs[p].first], let b = places[pairs[p].second] else { return .zero }
      let pair = index(a, b)
      var terms = isLinear ? direction.terms(view, pair, a, b) : .zero
      if counts {
        terms[Self.distance] = metric.term(view, pair, a, b, spread: view.spread(a, b))
        terms[Self.shared] = 1
      }
      return terms
    }
    for (p, new) in found.enumerated() {
      sums[p] += new
      largest[p] = max(largest[p], new[Self.distance])
      terms[p * tensors + row] = SIMD16<Float>(new)
    }
    for p in pairs.indices {
      guard let a = places[pairs[p].first], let b = places[pairs[p].second] else { continue }
      decays[p].add(view, pair: index(a, b), a, b)
    }
    guard let block = view.tensor.sums.samples.first else { return }
    for p in pairs.indices where !tallies[p].isRefuted {
      guard let a = places[pairs[p].first], let b = places[pairs[p].second] else { continue }
      Rounding.look(block, a, b, into: &tallies[p])
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

  /// Distance and evidence of a candidate when tensor l counts `weights[l]` times. The largest
  /// difference is no sum over tensors: there the mean of the tensors' largest is taken. Evidence that
  /// no resampling could turn round is taken as it is.
  ///
  /// - Parameter evidence: of all tensors.
  func resampled(_ candidate: Int, _ weights: [Float], _ direction: Direction, evidence: Double) -> (
    distance: Double, evidence: Double
  ) {
    var sum = SIMD16<Float>.zero
    for l in 0..<tensors where weights[l] > 0 {
      sum.addProduct(weights[l], terms[candidate * tensors + l])
    }
    let wide = DirectionModel.Terms(sum)
    let count = wide[Self.shared]
    let distance = metric.distance(
      metric == .max && count > 0 ? wide[Self.distance] / count : wide[Self.distance], count)
    let isFirm = direction.stage == .auto && abs(evidence) > Self.firm
    return (distance, isFirm ? evidence : direction.evidence(wide, decays[candidate]))
  }

  private static let firm = 25.0
}
