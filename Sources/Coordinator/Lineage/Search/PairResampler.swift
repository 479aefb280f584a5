package import Core
internal import Glibc
package import System

/// Replicates of a family from its candidate pairs.
///
/// Tensors of one model err together, which resampling them cannot see. Where the evidence is a log likelihood
/// ratio, each replicate therefore also draws whether it misleads: logistic noise, which turns a ratio of r nats
/// around with the probability 1 / (1 + e^r). And distances get a little log-normal noise, about as much as the
/// choice of the distance itself makes.
package struct PairResampler: Resampler {
  private struct Pair: Sendable {
    let candidate: Int
    /// Places among the nodes, a < b.
    let a: Int
    let b: Int
    /// What is added for the tokens that were trained from the first to the second, and from the second to the first.
    let forwardTokens: Double
    let backwardTokens: Double
    /// Of the first before the second, from all tensors.
    let evidence: Double
    let decay: DirectionModel.DecayPrior
  }

  private let statistics: PairStatistics
  private let tree: FamilyTree
  private let options: LineageOptions
  private let pairs: [Pair]
  /// The edges of these pairs.
  private let pattern: SparseMatrix.Pattern
  /// Of the family: what other models have does not change its resamplings.
  private let tensors: [Int]

  /// Standard deviation of the log of the noise on distances.
  private static let deviation = 0.07

  /// - Parameter evidence: n x n, by model numbers; where it is certain, it is not resampled.
  /// - Returns: nil when the family has no candidate pairs.
  package init?(
    _ statistics: PairStatistics, _ tree: FamilyTree, evidence: SquareMatrix, options: LineageOptions
  ) {
    self.statistics = statistics
    self.tree = tree
    self.options = options
    var pairs: [Pair] = []
    PairIndex(tree.nodes.count).forEach { _, a, b in
      let (i, j) = (tree.nodes[a], tree.nodes[b])
      guard let candidate = statistics.candidates.place(i, j) else { return }
      pairs.append(
        Pair(
          candidate: candidate, a: a, b: b, forwardTokens: tree.pricing.tokens(parent: a, child: b),
          backwardTokens: tree.pricing.tokens(parent: b, child: a), evidence: evidence[i, j],
          decay: statistics.decayPrior(candidate)))
    }
    tensors = statistics.tensors(of: pairs.map(\.candidate))
    guard !tensors.isEmpty else { return nil }
    self.pairs = pairs
    pattern = SparseMatrix.Pattern(tree.nodes.count, pairs: pairs.map { ($0.a, $0.b) })
  }

  /// Of each pair what was drawn and what came out, and two edges, in two matrices and a heap.
  package var bytesPerReplicate: Int { 384 * pairs.count }

  package struct Draw: Sendable {
    fileprivate let tensors: PairStatistics.Draw
    /// Random numbers per pair: of what is added to the evidence, and of the factor on the distance. Empty where nothing
    /// is.
    fileprivate let noise: [Double]
    fileprivate let scales: [(Double, Double)]
  }

  package func draw(_ number: Int, _ random: inout RandomStream) -> Draw {
    var weights = Array(repeating: Float(0), count: statistics.tensors)
    for _ in tensors { weights[tensors[Int.random(in: tensors.indices, using: &random)]] += 1 }
    let noise =
      options.stage == .auto ? pairs.indices.map { _ in Double.random(in: Self.aboveZero, using: &random) } : []
    let scales =
      options.metric == .auto
      ? pairs.indices.map { _ in
        (Double.random(in: Self.aboveZero, using: &random), Double.random(in: 0..<1, using: &random))
      } : []
    return Draw(tensors: PairStatistics.Draw(weights), noise: noise, scales: scales)
  }

  private static let aboveZero = 1e-12..<1.0

  package func replicate(_ draw: Draw) -> Replicate<BoundedCosts> {
    let found = Outcome(self, draw)
    var bounds = SparseMatrix(pattern)
    for (p, place) in pattern.places.enumerated() {
      // The order costs nothing at least.
      bounds.values[place.forward] = found.distances[p] + pairs[p].forwardTokens
      bounds.values[place.backward] = found.distances[p] + pairs[p].backwardTokens
    }
    return Replicate(cost: BoundedCosts(bounds) { found.cost($0) }) { found.evidence($0, $1) }
  }

  /// What one draw says of the pairs. The order of a pair takes longer than all else, and is worked out when it is asked
  /// for.
  private final class Outcome {
    private let resampler: PairResampler
    private let draw: Draw
    private let sums: [PairStatistics.Resampled]
    /// By pair.
    let distances: [Double]
    private var evidence: [Double?]

    init(_ resampler: PairResampler, _ draw: Draw) {
      self.resampler = resampler
      self.draw = draw
      let statistics = resampler.statistics
      sums = resampler.pairs.indices.map { statistics.resampled(resampler.pairs[$0].candidate, draw.tensors) }
      let plain = sums.map { statistics.distance($0) }
      distances =
        draw.scales.isEmpty
        ? plain : zip(plain, draw.scales).map { $0 * exp(PairResampler.deviation * PairResampler.normal($1)) }
      evidence = Array(repeating: nil, count: plain.count)
    }

    /// Of a pair's first node before its second.
    private func evidence(_ p: Int) -> Double {
      if let known = evidence[p] { return known }
      let whole = resampler.pairs[p].evidence
      let isFixed = resampler.options.stage == .auto && Events.isCertain(whole)
      let found =
        isFixed
        ? whole
        : resampler.statistics.evidence(sums[p], resampler.pairs[p].decay, evidence: whole)
          + (draw.noise.isEmpty ? 0 : PairResampler.logistic(draw.noise[p]))
      evidence[p] = found
      return found
    }

    /// Of one node before another; 0 where they are no pair.
    func evidence(_ first: Int, _ second: Int) -> Double {
      guard let place = resampler.pattern.place(first, second) else { return 0 }
      let found = evidence(Int(resampler.pattern.pairs[place]))
      return first < second ? found : -found
    }

    /// Of an edge, by the place of its entry in the pattern.
    func cost(_ place: Int) -> Double {
      let p = Int(resampler.pattern.pairs[place])
      let isForward = resampler.pattern.places[p].forward == place
      let found = evidence(p)
      return resampler.tree.pricing.edge(distance: distances[p], evidence: isForward ? found : -found)
        + (isForward ? resampler.pairs[p].forwardTokens : resampler.pairs[p].backwardTokens)
    }
  }

  /// Box and Muller (1958).
  private static func normal(_ drawn: (Double, Double)) -> Double {
    (-2 * log(drawn.0)).squareRoot() * cos(2 * .pi * drawn.1)
  }

  private static func logistic(_ u: Double) -> Double { log(u / (1 - min(u, 1 - 1e-12))) }
}
