import Core
import Graph
import Lineage
import System
import TestSeed
import Testing

@Suite struct PublishedRulesTests {
  /// Square maps of 16 x 16.
  private static func solved(
    _ models: [[Double]], _ metric: DistanceMetric, stage: Stage = .specialization, families: Int? = nil,
    words: String? = nil
  ) throws -> Lineage {
    try solve(
      Synthetic(linear: models).sums, models: models.count,
      options: LineageOptions(
        metric: metric, stage: stage, families: families, distanceLayers: words, scoreLayers: words,
        replicates: 40))
  }

  private static func weights(_ random: inout Seeded) -> [[Double]] { LineageTests.weights(&random, count: 2048) }

  @Test(arguments: [DistanceMetric.motherFT, .motherLoRA], [Stage.specialization, .generalization])
  func distancesStayWithinFamiliesAndScoresAloneTellTheDirection(metric: DistanceMetric, stage: Stage) throws {
    var random = Seeded.fresh()
    let models = Self.weights(&random)
    let found = try Self.solved(models, metric, stage: stage)
    #expect(found.families == [0, 0, 0, 0, 1, 1], "seed \(random.seed)")
    #expect(found.distances[0, 4].isNaN && found.cost[0, 4].isNaN)
    for i in 0..<6 {
      for j in 0..<6 {
        let falls = found.scores[j] > found.scores[i]
        let rises = found.scores[i] > found.scores[j]
        #expect(found.direction[i, j] == ((stage == .specialization ? falls : rises) ? 1 : 0))
      }
    }
    let near = found.distances.submatrix([0, 1, 2, 3])
    let mean = near.values.reduce(0, +) / 16
    #expect(abs(found.cost[1, 0] - near[1, 0] - 0.3 * mean * found.direction[1, 0]) < 1e-12)
    #expect(found.merges.isEmpty)
    for share in found.support { #expect(abs((share * 40).rounded() - share * 40) < 1e-9) }
  }

  /// Each matrix on the scale of the family's signed differences, models in order.
  @Test func largestDifferencesAreScaledByTheFamily() throws {
    var random = Seeded.fresh()
    let models = Self.weights(&random)
    let found = try Self.solved(models, .motherFT)
    let family = [0, 1, 2, 3]
    for (a, i) in family.enumerated() {
      for j in family.dropFirst(a + 1) {
        var expected = 0.0
        for map in 0..<8 {
          func differences(_ i: Int, _ j: Int) -> [Double] {
            (map * 256..<(map + 1) * 256).map { models[i][$0] - models[j][$0] }
          }
          let all = family.enumerated().flatMap { a, i in
            family.dropFirst(a + 1).flatMap { differences(i, $0) }
          }
          let low = try #require(all.min())
          let high = try #require(all.max())
          expected = max(expected, (try #require(differences(i, j).max()) - low) / (high - low))
        }
        #expect(abs(found.distances[i, j] - expected) < 1e-12, "seed \(random.seed)")
      }
    }
  }

  @Test func copiesTakePartInTheSearchAndAreNamed() throws {
    var random = Seeded.fresh()
    let models = Self.weights(&random)
    let found = try Self.solved([models[0], models[1], models[0]], .motherLoRA)
    #expect(found.duplicateOf == [nil, nil, 0])
    #expect(found.distances[0, 2] == 0)
    let edge = found.parents[2] == 0 ? 2 : 0
    #expect(found.parents[edge] == 2 - edge, "seed \(random.seed)")
    #expect(found.relations[edge] == .duplicate)
  }

  @Test func namedLayersAloneCount() throws {
    var random = Seeded.fresh()
    let models = Self.weights(&random)
    let all = try Self.solved(models, .motherLoRA)
    let two = try Self.solved(models, .motherLoRA, words: "layers.3|layers.5.")
    let none = try Self.solved(models, .motherLoRA, words: "banana")
    #expect(all.distances[0, 1] == 128 && two.distances[0, 1] == 32)
    #expect(none.distances[0, 1].isNaN && none.scores.allSatisfy { $0 == 0 })
    #expect(none.parents.allSatisfy { $0 == nil })
  }

  @Test func modelsWithBrokenWeightsStandAlone() throws {
    var random = Seeded.fresh()
    var models = Self.weights(&random)
    models[3] = models[3].map { _ in .nan }
    for metric in [DistanceMetric.motherFT, .motherLoRA] {
      let found = try Self.solved(models, metric)
      #expect(found.families == [0, 0, 0, 1, 2, 2], "\(metric), seed \(random.seed)")
      #expect(found.parents[3] == nil && !found.parents.contains(3))
      #expect(found.distances[0, 1].isFinite)
    }
  }
}

@Suite struct RankDistanceTests {
  /// Low-rank updates of a square matrix, rounded to the grid of a storage type.
  private static func merged(
    _ base: [Float], side: Int, rank: Int, scale: Double, bits: Int, _ random: inout Seeded
  ) -> [Float] {
    var update = Array(repeating: 0.0, count: side * side)
    for _ in 0..<rank {
      let (left, right) = ((0..<side).map { _ in random.normal() }, (0..<side).map { _ in random.normal() })
      for i in 0..<side { for j in 0..<side { update[i * side + j] += left[i] * right[j] } }
    }
    let unit = scale * 0.02 / Double(max(1, rank)).squareRoot()
    return zip(base, update).map { rounded(Float(Double($0) + unit * $1), bits: bits) }
  }

  /// To so many bits after the leading one, ties to even.
  private static func rounded(_ value: Float, bits: Int) -> Float {
    guard bits < 23 else { return value }
    let shift = UInt32(23 - bits)
    let half = UInt32(1) << (shift - 1) - 1 + (value.bitPattern >> shift & 1)
    return Float(bitPattern: ((value.bitPattern + half) >> shift) << shift)
  }

  private static func lineage(_ models: [[Float]], side: Int) throws -> Lineage {
    let sums = Synthetic([
      .init(name: "w", role: .linear, extents: [side, side], weights: models.map { $0.map { Double($0) } })
    ]).sums
    return try solve(sums, models: models.count, options: LineageOptions(metric: .lora))
  }

  /// F32 (23 bits), F16 (10) and BF16 (7): weights lie on the grid, whatever type stores them.
  @Test(arguments: [23, 10, 7])
  func ranksAreThoseOfTheUpdates(bits: Int) throws {
    var random = Seeded.fresh()
    let side = 96
    let base = (0..<side * side).map { _ in Self.rounded(Float(0.02 * random.normal()), bits: bits) }
    let ranks = [0, 1, 3, 8, 24]
    let models = ranks.map { Self.merged(base, side: side, rank: $0, scale: 0.3, bits: bits, &random) }
    let found = try Self.lineage(models, side: side)
    for (i, a) in ranks.enumerated() {
      for (j, b) in ranks.enumerated() where i != j {
        #expect(found.distances[i, j] == Double(a + b), "ranks \(a) and \(b), seed \(random.seed)")
      }
    }
    for (child, parent) in found.parents.enumerated() {
      guard let parent else { continue }
      #expect(found.relations[child] == .lora(rank: ranks[child] + ranks[parent]))
      #expect(found.rankEvidence[child] == (bits == 23 ? .exact : .estimated))
    }
  }

  /// An update of all directions that is little above the rounding is not called low-rank.
  @Test(arguments: [23, 10, 7])
  func fullUpdatesAreNoLowRankOnes(bits: Int) throws {
    var random = Seeded.fresh()
    let side = 96
    let base = (0..<side * side).map { _ in Self.rounded(Float(0.02 * random.normal()), bits: bits) }
    for size in [0.3, 0.05, 0.02] {
      let child = base.map { Self.rounded($0 + Float(size * 0.02 * random.normal()), bits: bits) }
      let found = try Self.lineage([base, child], side: side)
      #expect(found.relations.compactMap(\.self) == [.finetune], "size \(size), seed \(random.seed)")
    }
  }
}
