import Core
import Encodings
import Foundation
import Graph
import Lineage
import Reports
import TestSeed
import TestSupport
import Testing

/// What `why` says would have to be different for the runner-up to win, against trying it.
struct WhyTests {
  private static let maps = 4
  private static let side = 16
  private static let lambda = 0.3

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Every model is a random earlier one plus a step; all weights are then scaled a little, so that energies
  /// mislead about the order of some.
  private func models(_ count: Int, _ random: inout Seeded) -> [[Double]] {
    let size = Self.maps * Self.side * Self.side
    var models = [(0..<size).map { _ in random.normal() }]
    while models.count < count {
      let parent = models[Int.random(in: 0..<models.count, using: &random)]
      let (step, scale) = (Double.random(in: 0.05...0.1, using: &random), 1 + 0.002 * random.normal())
      models.append(parent.map { scale * ($0 + step * random.normal()) })
    }
    return models
  }

  private func sums(_ models: [[Double]]) throws -> [TensorSums] {
    let size = Self.side * Self.side
    let shape = try #require(TensorShape([Self.side, Self.side]))
    return (0..<Self.maps).map { map in
      let parts = models.map { Array($0[map * size..<(map + 1) * size]) }
      var partial = Partial(PartialSchema(models: models.count, statistics: []))
      PairIndex(models.count).forEach { p, a, b in
        partial.l2[p] = zip(parts[a], parts[b]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      partial.moments = parts.map { part in
        let mean = part.reduce(0, +) / Double(size)
        func moment(_ power: Int) -> Double {
          part.reduce(0) { sum, x in sum + (1...power).reduce(1) { product, _ in product * (x - mean) } }
        }
        return Moments(
          count: Double(size), mean: mean, m2: moment(2), m3: moment(3), m4: moment(4), minimum: part.min() ?? 0,
          maximum: part.max() ?? 0, zeros: 0, notFinite: 0)
      }
      return TensorSums(
        name: "layers.\(map).weight", role: .linear, shape: shape, models: Array(models.indices), sums: partial)
    }
  }

  /// Solves and leaves a finished run.
  private func solve(_ models: [[Double]], _ options: LineageOptions) throws -> (Lineage, FinishedRun) {
    let ids = models.indices.map { "m\($0)" }
    let tensors = try sums(models)
    let path = folder.at("run")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let file = try ResultsFile(to: "\(path)/results.h5", ids: ids)
    let section = try file.section(
      tensors: tensors.map {
        ResultsFile.Tensor(name: $0.name, shape: $0.shape, role: $0.role, statistics: $0.sums.statistics)
      })
    let problem = LineageProblem(
      rounding: ids.map { _ in Encoding.f32.roundoff }, options: options, haveSameSignature: { _, _ in true })
    let lineage = try LineageSolver(problem).solve(tensors, observing: section.add)
    let edges = lineage.parents.enumerated().compactMap { child, parent in
      parent.map {
        ModelGraph.Edge(
          source: $0, target: child, relation: lineage.relations[child] ?? .finetune,
          distance: lineage.distances[$0, child], support: lineage.support[child],
          directionSupport: lineage.directionSupport[child])
      }
    }
    let nodes = ids.enumerated().map { observed($1, family: lineage.families[$0]) }
    let report = TreeReport(
      graph: ModelGraph(nodes: nodes, edges: edges), description: RunDescription(options: options, notes: []))
    _ = try TreeFormat.writeAll(report, to: path)
    // run.json; its matrices are replaced.
    try Oracle.run("make_run.py", path)
    try section.finish(lineage, metric: options.metric)
    try file.close(families: lineage.families)
    return (lineage, try FinishedRun(path: path))
  }

  /// ln(1 + e^-x) / 3, at most 1: docs/method.md.
  private static func smooth(_ evidence: Double) -> Double {
    min(1, Foundation.log(1 + Foundation.exp(-evidence)) / 3)
  }

  private static func step(_ evidence: Double) -> Double { evidence < 0 ? 1 : 0 }

  @Test(arguments: [Stage.auto, .specialization])
  func theEvidenceToLoseIsWhereTheRunnerUpWins(stage: Stage) throws {
    var random = Seeded.fresh()
    var named = 0
    for _ in 0..<6 {
      let options = LineageOptions(stage: stage, lambda: Self.lambda, families: 1, replicates: 2)
      let (lineage, run) = try solve(models(7, &random), options)
      let penalty = stage == .auto ? Self.smooth : Self.step
      let unit = Self.lambda * lineage.distances.values.reduce(0, +) / 49
      for child in lineage.parents.indices {
        guard let parent = lineage.parents[child] else { continue }
        let why = try Why(run, child: child)
        guard let runnerUp = why.runnerUp, let own = why.parent, runnerUp.cost >= own.cost else { continue }
        let free = lineage.cost[parent, child] - unit * penalty(lineage.evidence[parent, child])
        // Raised from far below until the edge is the cheaper one.
        let tried = stride(from: -20, through: 60, by: 0.01)
        let flips = tried.first { free + unit * penalty($0) < runnerUp.cost }
        guard let flips, flips > -20 else {
          #expect(why.evidenceToLose == nil, "seed \(random.seed)")
          continue
        }
        named += 1
        let said = try #require(why.evidenceToLose, "seed \(random.seed)")
        #expect(abs(said - flips) <= 0.011, "\(said) said, \(flips) tried, seed \(random.seed)")
      }
    }
    #expect(named > 0, "no edge hung on its evidence, seed \(random.seed)")
  }

  /// Its original stands for it: it has no costs, is no runner-up, and no tree has it as a parent.
  @Test func aCopyIsNoParentInAnyTree() throws {
    var random = Seeded.fresh()
    var all = models(5, &random)
    all.append(all[0])
    let (lineage, run) = try solve(all, LineageOptions(lambda: Self.lambda, families: 1, replicates: 2))
    #expect(lineage.duplicateOf[5] == 0, "seed \(random.seed)")
    let child = try #require(lineage.parents.indices.first { lineage.parents[$0] != nil && $0 != 5 })
    let why = try Why(run, child: child, instead: 5)
    #expect(why.runnerUp == nil && why.distanceToLose == nil && why.instead?.extraCost == nil, "seed \(random.seed)")
  }

  /// Each other model in the place of the parent, against every tree of five models.
  @Test func theCostOfAnotherParentIsThatOfTheBestTreeWithIt() throws {
    var random = Seeded.fresh()
    let options = LineageOptions(lambda: Self.lambda, families: 1, replicates: 2)
    let n = 5
    let (lineage, run) = try solve(models(n, &random), options)
    func cost(_ parents: [Int?]) -> Double? {
      guard parents.count(where: { $0 == nil }) == 1 else { return nil }
      var sum = 0.0
      for (child, parent) in parents.enumerated() {
        guard let parent else { continue }
        var (above, steps) = (parents[parent], 1)
        while let next = above, steps <= n { (above, steps) = (parents[next], steps + 1) }
        guard parent != child, steps <= n else { return nil }
        sum += lineage.cost[parent, child]
      }
      return sum
    }
    let trees = (0..<7776).compactMap { code -> (parents: [Int?], cost: Double)? in
      var rest = code
      let parents = (0..<n).map { _ -> Int? in
        defer { rest /= n + 1 }
        return rest % (n + 1) == n ? nil : rest % (n + 1)
      }
      return cost(parents).map { (parents, $0) }
    }
    let now = try #require(cost(lineage.parents))
    for child in 0..<n {
      for other in 0..<n where other != child && lineage.parents[child] != other {
        let best = try #require(trees.filter { $0.parents[child] == other }.map(\.cost).min())
        let why = try Why(run, child: child, instead: other)
        let said = try #require(why.instead?.extraCost, "seed \(random.seed)")
        #expect(abs(said - (best - now)) < 1e-9, "\(said) said, \(best - now) tried, seed \(random.seed)")
        #expect(why.text.contains("as the parent of"))
      }
    }
  }
}
