import Core
import Foundation
import Lineage
import System
import TestSeed
import Testing

@Suite struct DirectionTests {
  static func isAntisymmetric(_ matrix: SquareMatrix) -> Bool {
    (0..<matrix.n).allSatisfy { i in (0..<matrix.n).allSatisfy { matrix[i, $0] == -matrix[$0, i] } }
  }

  /// The evidence of the first model being the parent of the second, two models solved.
  static func evidence(_ tensors: [TensorSums], stage: Stage = .auto) throws -> SquareMatrix {
    try solve(tensors, models: 2, options: LineageOptions(stage: stage, families: 1)).evidence
  }

  @Test func theSpectrumFillsFromParentToChild() throws {
    var random = Seeded.fresh()
    let parent = random.trainedWeights(65_536)
    let child = random.trained(parent, by: 0.1)
    let sums = Synthetic(linear: [child, parent], maps: 16).sums
    let evidence = try Self.evidence(sums)
    #expect(evidence[1, 0] > 2, "seed \(random.seed)")
    #expect(Self.isAntisymmetric(evidence))
    #expect(Penalty.step.matrix(evidence).values == [0, 1, 0, 0])
    let scores = Direction(sums, models: 2, stage: .auto).scores
    #expect(abs(scores[0] - scores[1] - Foundation.log(1.01)) < 1e-9)
    let energy = parent.reduce(0) { $0 + $1 * $1 }
    #expect(abs(scores[1] - Foundation.log(energy)) < 1e-9)
  }

  /// Weight decay shrinks the child below its parent; the rows that no gradient touched tell by
  /// how much.
  @Test(arguments: [(20.0, true), (8, true), (7, false), (0, false)])
  func shrinkageIsTakenOutWhereEnoughRowsShowIt(rows: Double, known: Bool) throws {
    var random = Seeded.fresh()
    let decay = 0.004
    let parent = random.trainedWeights(8192)
    let child = random.trained(parent, by: 0.1).map { $0 * Foundation.exp(-decay) }
    var sums = Synthetic(linear: [parent, child], maps: 4).sums
    let free = try Self.evidence(sums)[0, 1]
    var table = Partial(PartialSchema(models: 2, statistics: .shrinkage))
    table.collinearRows = [rows]
    table.logShrinkage = [-decay * rows]
    table.l2 = [1]
    sums.append(
      TensorSums(
        name: "wte", role: .embedding, part: .tokens, shape: try #require(TensorShape([100, 16])),
        models: [0, 1], sums: table))
    let evidence = try Self.evidence(sums)
    if known {
      #expect(evidence[0, 1] > max(6, free), "seed \(random.seed)")
    } else {
      #expect(evidence[0, 1] == free, "seed \(random.seed)")
    }
    #expect(Self.isAntisymmetric(evidence))
  }

  @Test func kurtosisFallsInFineTuningAndRisesInPreTraining() {
    // Kurtosis of the first is far above that of the second, a two-valued one.
    let peaked = (0..<256).map { $0 % 64 == 0 ? 1.0 : 0.001 * Double($0 % 5) }
    let flat = (0..<256).map { $0 % 2 == 0 ? 1.0 : -1 }
    let sums = Synthetic(linear: [peaked, flat], maps: 2, columns: 16).sums
    let fine = Direction(sums, models: 2, stage: .specialization)
    let pre = Direction(sums, models: 2, stage: .generalization)
    #expect(abs(fine.scores[1] - 2 * -2) < 1e-12)
    #expect(fine.scores[0] > 10)
    #expect(abs(fine.evidence[0, 1] - (fine.scores[0] - fine.scores[1])) < 1e-9)
    #expect(Penalty.step.matrix(fine.evidence).values == [0, 0, 1, 0])
    #expect(Penalty.step.matrix(pre.evidence).values == [0, 1, 0, 0])
    #expect(pre.evidence[0, 1] == -fine.evidence[0, 1])
  }

  @Test func constantTensorsAddNothingToTheKurtosis() {
    let flat = (0..<64).map { $0 % 2 == 0 ? 1.0 : -1 }
    let ones = Array(repeating: 1.0, count: 64)
    let tensors = [flat, ones].enumerated().map { index, weights in
      Synthetic.Tensor(name: "\(index)", role: .linear, extents: [8, 8], weights: [weights, weights])
    }
    let direction = Direction(Synthetic(tensors).sums, models: 2, stage: .specialization)
    #expect(direction.scores == [-2, -2])
    #expect(direction.evidence.values == [0, 0, 0, 0])
  }

  /// A larger model is not younger because it has more tensors.
  @Test func onlySharedTensorsAreCompared() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(1024)
    let grown = base.map { 1.1 * $0 }
    let more = random.trainedWeights(1024).map { 100 * $0 }
    let sums = Synthetic([
      .init(name: "shared", role: .linear, extents: [32, 32], weights: [base, grown, nil]),
      .init(name: "more", role: .linear, extents: [32, 32], weights: [more, nil, more]),
    ]).sums
    for stage in [Stage.auto, .specialization] {
      let evidence = try solve(sums, models: 3, options: LineageOptions(stage: stage, families: 1)).evidence
      // A multiple: kurtosis is the same, and decay is as good a reason as any to be the longer one.
      #expect(stage == .auto ? evidence[1, 0] >= 0 : abs(evidence[0, 1]) < 1e-9)
      #expect(evidence[1, 2] == 0)
    }
  }

  @Test func aModelWithoutWeightsHasNoScore() {
    let direction = Direction([], models: 2, stage: .auto)
    #expect(direction.scores.allSatisfy { $0.isNaN })
    #expect(direction.evidence.values.allSatisfy { $0 == 0 })
  }
}

@Suite struct DistanceMetricTests {
  static let sums = Synthetic([
    .init(name: "a", role: .linear, extents: [2, 2], weights: [[0, 0, 0, 0], [3, 4, 0, 0], nil]),
    .init(name: "b", role: .linear, extents: [1, 2], weights: [[0, 0], [0, -1], [5, 12]]),
    .init(name: "c", role: .vector, extents: [2], weights: [[1, 1], [8, 1], [1, 1]]),
  ]).sums

  /// Squares of the expected values, except for l1 and max.
  @Test(
    arguments: [
      (DistanceMetric.l2, [75, 169, 243]), (.l1, [15, 17, 25]), (.max, [7, 12, 13]),
    ] as [(DistanceMetric, [Double])])
  func distancesAreAsDefined(metric: DistanceMetric, expected: [Double]) {
    let matrix = metric.matrix(Self.sums, models: 3)
    for ((i, j), value) in zip([(0, 1), (0, 2), (1, 2)], expected) {
      let wanted = metric == .l2 ? value.squareRoot() : value
      #expect(abs(matrix[i, j] - wanted) < 1e-12, "\(metric) \(i) \(j)")
    }
    for i in 0..<3 {
      #expect(matrix[i, i] == 0)
      for j in 0..<3 { #expect(matrix[i, j] == matrix[j, i]) }
    }
  }

  @Test(arguments: DistanceMetric.allCases)
  func pairsThatShareNothingHaveNoDistance(metric: DistanceMetric) {
    let matrix = metric.matrix(Self.sums, models: 4)
    #expect(matrix[0, 3].isNaN && matrix[3, 2].isNaN)
    #expect(matrix[3, 3] == 0)
  }
}
