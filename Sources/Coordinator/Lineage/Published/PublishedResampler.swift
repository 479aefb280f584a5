package import Core
package import System

/// Replicates of a family by the published rules: the tensors are drawn again, nothing else.
package struct PublishedResampler: Resampler {
  private let pairs: PublishedPairs
  private let nodes: [Int]
  private let options: LineageOptions

  /// - Parameter nodes: models of the family.
  /// - Returns: nil when no tensor counts.
  init?(_ pairs: PublishedPairs, nodes: [Int], options: LineageOptions) {
    guard !pairs.rows.isEmpty else { return nil }
    self.pairs = pairs
    self.nodes = nodes
    self.options = options
  }

  /// Some matrices of doubles.
  package var bytesPerReplicate: Int { 48 * nodes.count * nodes.count }

  /// How often each tensor counts; a random stream of its own for each replicate.
  package func draw(_ number: Int, _ random: inout RandomStream) -> [Int] {
    var random = RandomStream(seed: options.seed &+ UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
    var weights = Array(repeating: 0, count: pairs.rows.count)
    for _ in 0..<pairs.rows.count { weights[Int.random(in: weights.indices, using: &random)] += 1 }
    return weights
  }

  package func replicate(_ weights: [Int]) -> Replicate<SquareMatrix> {
    let m = nodes.count
    var distances = SquareMatrix(m, filledWith: .nan)
    var scores = Array(repeating: 0.0, count: m)
    for (row, weight) in zip(pairs.rows, weights) where weight > 0 {
      if !row.kurtosis.isEmpty {
        for (a, i) in nodes.enumerated() { scores[a] += Double(weight) * row.kurtosis[i] }
      }
      guard !row.distances.isEmpty else { continue }
      let times = options.metric == .motherLoRA ? Double(weight) : 1
      PairIndex(m).forEach { _, a, b in
        let term = times * Double(row.distances[pairs.index(nodes[a], nodes[b])])
        distances.setBoth(a, b, PublishedRules.combined(distances[a, b], term, options.metric))
      }
    }
    for a in 0..<m { distances[a, a] = 0 }
    let evidence = PublishedRules.evidence(scores, options.stage)
    let pricing = Cost(distances: distances, penalty: .step, lambda: options.lambda)
    return Replicate(cost: pricing.matrix(distances: distances, evidence: evidence)) { evidence[$0, $1] }
  }
}
