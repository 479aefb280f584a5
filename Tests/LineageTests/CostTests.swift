import Core
import Foundation
import Lineage
import System
import TestSeed
import Testing

@Suite struct CostTests {
  private static func cost(_ distances: SquareMatrix, _ lambda: Double) -> Cost {
    Cost(distances: distances, penalty: .step, lambda: lambda)
  }

  @Test func edgesAgainstTheEvidenceCostMore() {
    let distances = SquareMatrix(2, values: [0, 4, 4, 0])
    let evidence = SquareMatrix(2, values: [0, -1, 1, 0])
    // The mean is over all four entries: 2.
    let cost = Self.cost(distances, 0.3).matrix(distances: distances, evidence: evidence)
    #expect(cost.values == [0, 4 + 0.3 * 2, 4, 0])
    #expect(Self.cost(distances, 0).matrix(distances: distances, evidence: evidence) == distances)
  }

  @Test func pairsWithoutADistanceStayWithoutAnEdge() {
    let distances = SquareMatrix(3, values: [0, 6, .nan, 6, 0, .nan, .nan, .nan, 0])
    let evidence = SquareMatrix(3, values: [0, 1, -1, -1, 0, 1, 1, -1, 0])
    let cost = Self.cost(distances, 0.5).matrix(distances: distances, evidence: evidence)
    #expect(cost[0, 1] == 6)
    #expect(abs(cost[1, 0] - 7.2) < 1e-12)
    #expect(cost[0, 2].isNaN && cost[2, 1].isNaN)
    let unknown = SquareMatrix(2, filledWith: .nan)
    #expect(
      Self.cost(unknown, 1).matrix(distances: unknown, evidence: SquareMatrix(2)).values.allSatisfy { $0.isNaN })
  }

  @Test func trainedTokensCostFiftyMeanDistancesTimesTheirFraction() {
    let distances = SquareMatrix(2, values: [0, 4, 4, 0])
    let fraction = SquareMatrix(2, values: [0, 0.25, 0.5, 0])
    let cost = Cost(distances: distances, penalty: .softplus, lambda: 0.3, trainedTokenFraction: fraction)
    #expect(cost.tokens(parent: 0, child: 1) == 50 * 2 * 0.25)
    #expect(cost.tokens(parent: 1, child: 0) == 50 * 2 * 0.5)
    #expect(Self.cost(distances, 0.3).tokens(parent: 0, child: 1) == 0)
  }
}

@Suite struct PenaltyTests {
  @Test func publishedScoresAndKurtosisHaveAStepAndLikelihoodsDoNot() {
    for metric in DistanceMetric.allCases {
      for stage in Stage.allCases {
        let isStep = metric.isPublished || stage != .auto
        #expect(Penalty(metric, stage) == (isStep ? .step : .softplus), "\(metric), \(stage)")
      }
    }
  }

  /// A third of ln(1 + e^-x), at most 1: the definition of docs/method.md, in the plainest arithmetic.
  @Test func theSmoothPenaltyIsAThirdOfSoftplusUpToOne() {
    for evidence in stride(from: -60, through: 30, by: 0.37) {
      let expected = min(1, Foundation.log(1 + Foundation.exp(-evidence)) / 3)
      #expect(abs(Penalty.softplus(evidence) - expected) < 1e-12, "evidence \(evidence)")
    }
    for evidence in [-1e308, -800, -50.0] { #expect(Penalty.softplus(evidence) == 1) }
    for evidence in [800, 1e308] { #expect(Penalty.softplus(evidence) == 0) }
  }

  @Test func theInverseOfThePenaltyIsTheEvidenceThatHasIt() throws {
    var random = Seeded.fresh()
    for _ in 0..<2000 {
      // From 1e-12 to 1 by the log, so that small penalties are asked for as often as large ones.
      let penalty = Foundation.pow(10, Double.random(in: -12...0, using: &random))
      let evidence = try #require(Penalty.softplus.evidence(for: penalty))
      #expect(abs(Penalty.softplus(evidence) / penalty - 1) < 1e-9, "penalty \(penalty), seed \(random.seed)")
    }
  }

  @Test func theInverseOfTheFullPenaltyIsWhereItSetsIn() throws {
    let full = try #require(Penalty.softplus.evidence(for: 1))
    // ln(1 + e^-x) = 3.
    #expect(abs(full + Foundation.log(Foundation.exp(3) - 1)) < 1e-12)
    #expect(Penalty.softplus(full - 1e-6) == 1)
    #expect(Penalty.softplus(full + 1e-6) < 1)
  }

  @Test func penaltiesThatDoNotOccurHaveNoEvidence() {
    for penalty in [0, -0.1, 1.000001, .infinity, .nan] {
      #expect(Penalty.softplus.evidence(for: penalty) == nil, "\(penalty)")
      #expect(Penalty.step.evidence(for: penalty) == nil, "\(penalty)")
    }
  }

  /// Any evidence below 0 costs all, so that 0 is where every cost sets in.
  @Test func theInverseOfAStepIsTheStep() {
    for penalty in [1e-9, 0.5, 1] { #expect(Penalty.step.evidence(for: penalty) == 0) }
    #expect(Penalty.step(0) == 0 && Penalty.step(-.leastNonzeroMagnitude) == 1)
  }

  @Test func theCostOfAnEdgeIsInvertedInItsOwnUnits() throws {
    var random = Seeded.fresh()
    for _ in 0..<200 {
      let distance = Double.random(in: 0.1...10, using: &random)
      let lambda = Double.random(in: 0.01...2, using: &random)
      let distances = SquareMatrix(2, values: [0, distance, distance, 0])
      let cost = Cost(distances: distances, penalty: .softplus, lambda: lambda)
      let extra = Double.random(in: 0.001...1, using: &random) * lambda * distance / 2
      let evidence = try #require(cost.evidence(costing: extra))
      #expect(
        abs(cost.edge(distance: distance, evidence: evidence) - distance - extra) < 1e-9, "seed \(random.seed)")
    }
    let free = Cost(distances: SquareMatrix(2, values: [0, 1, 1, 0]), penalty: .softplus, lambda: 0)
    #expect(free.evidence(costing: 0.1) == nil)
  }
}
