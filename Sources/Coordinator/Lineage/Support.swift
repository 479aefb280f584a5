internal import Core
internal import Glibc
internal import System

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
    _ look: PairStatistics, members: [Int], parents: [Int?], direction: Direction, meanDistance: Double,
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
    var sameEdge = Array(repeating: 0, count: m)
    var sameOrder = sameEdge
    let trial = Trial(
      look: look, members: members, parents: parents, direction: direction, meanDistance: meanDistance,
      fixed: fixed, touched: touched, options: options, search: search, pairs: pairs,
      judges: pairs.map { look.judge($0.candidate) })
    let portion = Self.portion(members: m)
    for start in stride(from: 0, to: options.replicates, by: portion) {
      // Drawn one after the other, so that the numbers do not depend on the processors.
      let draws = (start..<min(start + portion, options.replicates)).map { _ in
        Draw(tensors: tensors, pairs: pairs.count, options, &random)
      }
      for outcome in Parallel.map(draws.count, { trial.run(draws[$0]) }) {
        for child in 0..<m {
          if outcome.sameEdge[child] { sameEdge[child] += 1 }
          if outcome.sameOrder[child] { sameOrder[child] += 1 }
        }
      }
    }
    for child in 0..<m where parents[child] != nil {
      edges[child] = Double(sameEdge[child]) / Double(options.replicates)
      directions[child] = Double(sameOrder[child]) / Double(options.replicates)
    }
  }

  /// Replicates that are made at the same time: some matrices of doubles each, 256 MiB in all.
  private static func portion(members m: Int) -> Int { max(1, min(32, (256 << 20) / (48 * m * m))) }

  /// The random numbers of one replicate.
  private struct Draw: Sendable {
    let tensors: PairStatistics.Draw
    /// Per pair.
    let noise: [Double]
    let scales: [Double]

    init(tensors: Int, pairs: Int, _ options: LineageOptions, _ random: inout RandomStream) {
      var weights = Array(repeating: Float(0), count: tensors)
      for _ in 0..<tensors { weights[Int.random(in: 0..<tensors, using: &random)] += 1 }
      self.tensors = PairStatistics.Draw(weights)
      noise = (0..<pairs).map { _ in options.stage == .auto ? Support.logistic(&random) : 0 }
      scales = (0..<pairs).map { _ in
        options.metric == .auto ? exp(Support.deviation * Support.normal(&random)) : 1
      }
    }
  }

  /// One replicate: what came out again, per member.
  private struct Trial: Sendable {
    let look: PairStatistics
    let members: [Int]
    let parents: [Int?]
    let direction: Direction
    let meanDistance: Double
    let fixed: SquareMatrix
    let touched: SquareMatrix
    let options: LineageOptions
    let search: TreeSearch
    let pairs: [(candidate: Int, a: Int, b: Int)]
    let judges: [DirectionModel.DecayPrior]

    func run(_ draw: Draw) -> (sameEdge: [Bool], sameOrder: [Bool]) {
      let m = members.count
      let token = Cost.touchedTokens * meanDistance
      let extra = options.lambda * meanDistance
      var cost = SquareMatrix(m, filledWith: .nan)
      var order = SquareMatrix(m)
      for (p, pair) in pairs.enumerated() {
        let known = fixed[members[pair.a], members[pair.b]]
        let value = look.resampled(pair.candidate, draw.tensors, direction, judges[p], evidence: known)
        let evidence = abs(known) >= 50 && options.stage == .auto ? known : value.evidence + draw.noise[p]
        let base = value.distance * draw.scales[p]
        cost[pair.a, pair.b] =
          base + token * touched[pair.a, pair.b] + extra * Cost.penalty(evidence, stage: options.stage)
        cost[pair.b, pair.a] =
          base + token * touched[pair.b, pair.a] + extra * Cost.penalty(-evidence, stage: options.stage)
        order[pair.a, pair.b] = evidence
        order[pair.b, pair.a] = -evidence
      }
      let found = search.parents(cost)
      return (
        (0..<m).map { child in parents[child].map { found[child] == $0 } ?? false },
        (0..<m).map { child in parents[child].map { order[$0, child] >= 0 } ?? false }
      )
    }
  }

  fileprivate static let deviation = 0.07

  /// Box and Muller (1958).
  fileprivate static func normal(_ random: inout RandomStream) -> Double {
    let (u, v) = (Double.random(in: 1e-12..<1, using: &random), Double.random(in: 0..<1, using: &random))
    return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
  }

  fileprivate static func logistic(_ random: inout RandomStream) -> Double {
    let u = Double.random(in: 1e-12..<1, using: &random)
    return log(u / (1 - min(u, 1 - 1e-12)))
  }
}
