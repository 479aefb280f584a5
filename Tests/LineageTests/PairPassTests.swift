import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct PairPassTests {
  /// The angle times the effective rank, mean over the maps; the effective rank is that of the whole small matrix.
  @Test func pairsWithinFamiliesGetExactDistancesAndOthersTheLargestPossible() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(1024)
    let models = [base, random.trained(base, by: 0.1), random.trainedWeights(1024)]
    let tensors = Synthetic(linear: models, maps: 4).sums
    let problem = Problem.of(models: 3)
    let method = LikelihoodMethod(problem)
    let totals = try TensorPass(problem, method).run(tensors)
    let families = FamilyGrouping(problem).run(totals)
    #expect(families.numbers == [0, 0, 1], "seed \(random.seed)")
    let found = try PairPass(method).run(tensors, totals, families)
    let provisional = totals.comparison.clusteringDistances
    #expect(found.distances[0, 1] < provisional[0, 1], "exact effective ranks are smaller than the largest possible")
    #expect(found.distances[0, 2] == provisional[0, 2] && found.distances[1, 2] == provisional[1, 2])
    #expect(found.evidence[0, 1] == -found.evidence[1, 0] && found.evidence[0, 1] != 0)
    #expect(found.evidence[0, 2] == 0, "strangers have no order")
    #expect(found.pairs.candidates.pairs.count == 1)
  }

  @Test func thePublishedDistancesStayWithinFamilies() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(1024)
    let models = [base, random.trained(base, by: 0.1), random.trainedWeights(1024)]
    let tensors = Synthetic(linear: models, maps: 4).sums
    let problem = Problem.of(models: 3, LineageOptions(metric: .motherFT, stage: .specialization))
    let method = PublishedRules(problem)
    let totals = try TensorPass(problem, method).run(tensors)
    let found = try PairPass(method).run(tensors, totals, FamilyGrouping(problem).run(totals))
    #expect(found.distances[0, 1].isFinite && found.distances[0, 2].isNaN && found.distances[1, 1] == 0)
    let scores = totals.comparison.scores
    #expect(found.evidence[0, 2] == scores[0] - scores[2] && found.evidence[2, 0] == scores[2] - scores[0])
  }
}
