internal import Core
internal import System

/// How firmly the edges of the published rules stand: the share of resamplings of the tensors in which
/// an edge, and its direction, come out again.
struct PublishedSupport {
  /// Per member: share of replicates with the same parent; 1 for the root.
  var edges: [Double]
  /// Per member: share of replicates in which the scores order parent and child as the edge does.
  var directions: [Double]

  private struct Replicate: Sendable {
    var sameEdge: [Bool]
    var sameOrder: [Bool]
  }

  /// - Parameters:
  ///   - members: of one family; `parents` are places among them.
  init(_ rules: PublishedRules, members: [Int], parents: [Int?], options: LineageOptions) {
    edges = Array(repeating: 1, count: members.count)
    directions = edges
    let rows = rules.rows
    guard members.count > 1, !rows.isEmpty, options.replicates > 0 else { return }
    let (metric, index) = (rules.metric, rules.index)
    let found = Parallel.map(options.replicates) { number in
      var random = RandomStream(seed: options.seed &+ UInt64(number) &* 0x9e37_79b9_7f4a_7c15)
      var weights = Array(repeating: 0, count: rows.count)
      for _ in rows { weights[Int.random(in: rows.indices, using: &random)] += 1 }
      var near = SquareMatrix(members.count, filledWith: .nan)
      var scores = Array(repeating: 0.0, count: members.count)
      for (row, weight) in zip(rows, weights) where weight > 0 {
        if !row.kurtosis.isEmpty {
          for (a, i) in members.enumerated() { scores[a] += Double(weight) * row.kurtosis[i] }
        }
        guard !row.distances.isEmpty else { continue }
        let times = metric == .motherLoRA ? Double(weight) : 1
        PairIndex(members.count).forEach { _, a, b in
          let term = times * Double(row.distances[index(members[a], members[b])])
          near.setBoth(a, b, PublishedRules.combined(near[a, b], term, metric))
        }
      }
      for a in members.indices { near[a, a] = 0 }
      let evidence = Lineage.evidence(scores, options.stage)
      let again = Arborescence.parents(
        Cost.matrix(distances: near, direction: Cost.direction(evidence), lambda: options.lambda))
      return Replicate(
        sameEdge: members.indices.map { again[$0] == parents[$0] },
        sameOrder: members.indices.map { child in parents[child].map { evidence[$0, child] >= 0 } ?? true })
    }
    let all = Double(options.replicates)
    for child in members.indices where parents[child] != nil {
      edges[child] = Double(found.count { $0.sameEdge[child] }) / all
      directions[child] = Double(found.count { $0.sameOrder[child] }) / all
    }
  }
}
