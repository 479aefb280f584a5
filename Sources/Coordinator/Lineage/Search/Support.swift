internal import Core
internal import System

/// How firmly edges stand: the share of resamplings of the tensors (bootstrap, Efron 1979; for trees Felsenstein
/// 1985) in which an edge, and its direction, come out again.
package struct Support: Sendable {
  /// Per node: share of replicates with the same parent; 1 for roots.
  package var edges: [Double]
  /// Per node: share of replicates in which the evidence orders parent and child as the edge does; 1 for roots.
  package var directions: [Double]
  /// Per node: the nodes that were its parent in some replicate, and the share of the replicates.
  package var parents: [[Int: Double]]

  /// Nothing is in doubt.
  package init(nodes: Int) {
    edges = Array(repeating: 1, count: nodes)
    directions = edges
    parents = Array(repeating: [:], count: nodes)
  }

  /// - Parameters:
  ///   - tree: whose edges are counted.
  ///   - resampler: gives the edges' costs by other samples of tensors.
  ///   - replicates: how many resamplings are counted; above 0.
  ///   - seed: of the random stream that the resampler draws from.
  package init(of tree: FamilyTree, _ resampler: some Resampler, replicates: Int, seed: UInt64) {
    let m = tree.nodes.count
    self.init(nodes: m)
    var random = RandomStream(seed: seed)
    var sameEdge = Array(repeating: 0, count: m)
    var sameOrder = sameEdge
    var counts: [[Int: Int]] = Array(repeating: [:], count: m)
    let portion = max(1, min(Self.mostAtATime, Self.mostBytes / max(1, resampler.bytesPerReplicate)))
    for start in stride(from: 0, to: replicates, by: portion) {
      let draws = (start..<min(start + portion, replicates)).map { resampler.draw($0, &random) }
      let outcomes = Parallel.map(draws.count) { Outcome(resampler.replicate(draws[$0]), tree) }
      for outcome in outcomes {
        for child in 0..<m {
          if outcome.hasSameEdge[child] { sameEdge[child] += 1 }
          if outcome.hasSameOrder[child] { sameOrder[child] += 1 }
          if let parent = outcome.parents[child] { counts[child][parent, default: 0] += 1 }
        }
      }
    }
    for child in 0..<m { parents[child] = counts[child].mapValues { Double($0) / Double(replicates) } }
    for child in 0..<m where tree.parents[child] != nil {
      edges[child] = Double(sameEdge[child]) / Double(replicates)
      directions[child] = Double(sameOrder[child]) / Double(replicates)
    }
  }

  /// Replicates that are made at the same time, and bytes of all of them together.
  private static let mostAtATime = 32
  private static let mostBytes = 256 << 20

  /// What came out again in one replicate, per node; says nothing of roots.
  private struct Outcome: Sendable {
    let parents: [Int?]
    let hasSameEdge: [Bool]
    let hasSameOrder: [Bool]

    init(_ replicate: Replicate<some EdgeCosts>, _ tree: FamilyTree) {
      let found = tree.search.parents(replicate.cost)
      parents = found
      hasSameEdge = found.indices.map { found[$0] == tree.parents[$0] }
      hasSameOrder = tree.parents.enumerated().map { child, parent in
        parent.map { replicate.evidence($0, child) >= 0 } ?? false
      }
    }
  }
}
