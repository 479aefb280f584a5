internal import Core

/// What each tensor says of each candidate pair: the exact distances, and the terms from which
/// resamplings are made.
struct CloseLook {
  /// Places in a pair's terms after those of `DirectionModel`.
  private static let distance = 14
  private static let shared = 15

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

  /// Share of the tokens that were trained between the two of each candidate, see `Decay`; of those that
  /// share no table, as after an extension of the vocabulary, the mean of the others.
  var touched: [Double] {
    let known = decays.map(\.touched)
    let values = known.compactMap { $0 }
    let mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    return known.map { $0 ?? mean }
  }

  /// The distance of a candidate.
  func distance(_ candidate: Int) -> Double {
    let sums = sums[candidate]
    return metric.distance(metric == .max ? largest[candidate] : sums[Self.distance], sums[Self.shared])
  }

  /// Distance and evidence of a candidate when tensor l counts `weights[l]` times. The largest
  /// difference is no sum over tensors: there the mean of the tensors' largest is taken.
  func resampled(_ candidate: Int, _ weights: [Float], _ direction: Direction) -> (
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
    return (distance, direction.evidence(wide, decays[candidate]))
  }
}
