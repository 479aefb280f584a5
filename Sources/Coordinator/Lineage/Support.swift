internal import Core
internal import Glibc

/// How firmly a family's edges stand: the share of resamplings of the tensors (bootstrap, Efron
/// 1979; for trees Felsenstein 1985) in which an edge, and its direction, come out again.
///
/// Tensors of one model err together, which resampling them cannot see. Where the evidence is a log
/// likelihood ratio, each resampling therefore also draws whether it misleads: logistic noise, which
/// turns a ratio of r nats round with the probability 1 / (1 + e^r). And distances get a little
/// log normal noise, about as much as the choice of the distance itself makes.
struct Support {
  /// Per member: share of replicates with the same parent; 1 for the root.
  var edges: [Double]
  /// Per member: share of replicates in which the scores order parent and child as the edge does.
  var directions: [Double]

  /// - Parameters:
  ///   - meanDistance: of the family, the unit of the penalty.
  ///   - fixed: evidence of all pairs; where it is beyond doubt, it is not resampled.
  init(
    _ look: CloseLook, members: [Int], parents: [Int?], direction: Direction, meanDistance: Double,
    fixed: SquareMatrix, touched: SquareMatrix, tensors: Int, options: LineageOptions, search: TreeSearch
  ) {
    let m = members.count
    edges = Array(repeating: 1, count: m)
    directions = edges
    var pairs: [(candidate: Int, a: Int, b: Int)] = []
    PairIndex(m).forEach { _, a, b in
      if let candidate = look.candidates.place(members[a], members[b]) { pairs.append((candidate, a, b)) }
    }
    guard m > 1, tensors > 0, options.replicates > 0, !pairs.isEmpty else { return }
    var random = RandomStream(seed: options.seed)
    let token = Cost.touchedTokens * meanDistance
    var sameEdge = Array(repeating: 0, count: m)
    var sameOrder = sameEdge
    for _ in 0..<options.replicates {
      var weights = Array(repeating: Float(0), count: tensors)
      for _ in 0..<tensors { weights[Int.random(in: 0..<tensors, using: &random)] += 1 }
      let noise = pairs.map { _ in options.stage == .auto ? Self.logistic(&random) : 0 }
      let scales = pairs.map { _ in options.metric == .auto ? exp(Self.deviation * Self.normal(&random)) : 1 }
      let (drawn, chosen) = (weights, pairs)
      let values = Parallel.map(pairs.count) { p in
        let (candidate, a, b) = chosen[p]
        return look.resampled(candidate, drawn, direction, evidence: fixed[members[a], members[b]])
      }
      var cost = SquareMatrix(m, filledWith: .nan)
      var order = SquareMatrix(m)
      for (p, pair) in pairs.enumerated() {
        let known = fixed[members[pair.a], members[pair.b]]
        let evidence = abs(known) >= 50 && options.stage == .auto ? known : values[p].evidence + noise[p]
        let extra = options.lambda * meanDistance
        let base = values[p].distance * scales[p]
        cost[pair.a, pair.b] =
          base + token * touched[pair.a, pair.b] + extra * Cost.penalty(evidence, stage: options.stage)
        cost[pair.b, pair.a] =
          base + token * touched[pair.b, pair.a] + extra * Cost.penalty(-evidence, stage: options.stage)
        order[pair.a, pair.b] = evidence
        order[pair.b, pair.a] = -evidence
      }
      let found = search.parents(cost)
      for child in 0..<m {
        guard let parent = parents[child] else { continue }
        if found[child] == parent { sameEdge[child] += 1 }
        if order[parent, child] >= 0 { sameOrder[child] += 1 }
      }
    }
    for child in 0..<m where parents[child] != nil {
      edges[child] = Double(sameEdge[child]) / Double(options.replicates)
      directions[child] = Double(sameOrder[child]) / Double(options.replicates)
    }
  }

  private static let deviation = 0.07

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
