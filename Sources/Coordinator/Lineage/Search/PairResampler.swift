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

  /// Of each pair two edges, in two matrices and a heap.
  package var bytesPerReplicate: Int { 256 * pairs.count }

  package struct Draw: Sendable {
    fileprivate let tensors: PairStatistics.Draw
    /// Per pair: added to the evidence, in nats.
    fileprivate let noise: [Double]
    /// Per pair: factor on the distance.
    fileprivate let scales: [Double]
  }

  package func draw(_ number: Int, _ random: inout RandomStream) -> Draw {
    var weights = Array(repeating: Float(0), count: statistics.tensors)
    for _ in tensors { weights[tensors[Int.random(in: tensors.indices, using: &random)]] += 1 }
    let noise = pairs.map { _ in options.stage == .auto ? Self.logistic(&random) : 0 }
    let scales = pairs.map { _ in options.metric == .auto ? exp(Self.deviation * Self.normal(&random)) : 1 }
    return Draw(tensors: PairStatistics.Draw(weights), noise: noise, scales: scales)
  }

  package func replicate(_ draw: Draw) -> Replicate<SparseMatrix> {
    let pricing = tree.pricing
    var again = Replicate(
      cost: SparseMatrix(pattern, filledWith: .nan), evidence: SparseMatrix(pattern, filledWith: 0))
    for (p, pair) in pairs.enumerated() {
      let found = statistics.resampled(pair.candidate, draw.tensors, pair.decay, evidence: pair.evidence)
      let isFixed = options.stage == .auto && Events.isCertain(pair.evidence)
      let evidence = isFixed ? pair.evidence : found.evidence + draw.noise[p]
      let distance = found.distance * draw.scales[p]
      let place = pattern.places[p]
      again.cost.values[place.forward] = pricing.edge(distance: distance, evidence: evidence) + pair.forwardTokens
      again.cost.values[place.backward] = pricing.edge(distance: distance, evidence: -evidence) + pair.backwardTokens
      again.evidence.values[place.forward] = evidence
      again.evidence.values[place.backward] = -evidence
    }
    return again
  }

  /// Box and Muller (1958).
  private static func normal(_ random: inout RandomStream) -> Double {
    let (u, v) = (Double.random(in: 1e-12..<1, using: &random), Double.random(in: 0..<1, using: &random))
    return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
  }

  private static func logistic(_ random: inout RandomStream) -> Double {
    let u = Double.random(in: 1e-12..<1, using: &random)
    return log(u / (1 - min(u, 1 - 1e-12)))
  }
}
