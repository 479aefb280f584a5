import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct TensorPassTests {
  @Test func totalsAreThoseOfEveryTensorAndEachIsObservedOnceInOrder() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(1024)
    let child = random.trained(base, by: 0.1)
    var broken = base
    broken[3] = .infinity
    let tensors = Synthetic(linear: [base, child, base, broken], maps: 4).sums
    let problem = Problem.of(models: 4)
    var observed: [String] = []
    let totals = try TensorPass(problem, LikelihoodMethod(problem)).run(tensors) { observed.append($0.name) }
    #expect(observed == tensors.map(\.name))
    #expect(totals.unusable.findings.keys.sorted() == [3])
    #expect(totals.duplicates.firsts(excluded: [3]) { _, _ in true } == [nil, nil, 0, nil])
    #expect(totals.relatedness.areRelated(0, 1))
    let apart = zip(base, child).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(abs(totals.comparison.geometry.squares[0, 1] / apart - 1) < 1e-12, "seed \(random.seed)")
    #expect(totals.comparison.clusteringDistances[0, 2] == 0)
    #expect(totals.adapterBases == nil)
  }

  @Test func whatTheObserverThrowsEndsThePass() throws {
    var random = Seeded.fresh()
    let tensors = Synthetic(linear: [random.weights(64), random.weights(64)], maps: 2, columns: 8).sums
    let problem = Problem.of(models: 2)
    var seen = 0
    #expect(throws: Failure.self) {
      try TensorPass(problem, LikelihoodMethod(problem)).run(tensors) { _ throws(Failure) in
        seen += 1
        throw Failure(.badInput, "no more")
      }
    }
    #expect(seen == 1)
  }

  /// Mean absolute differences of square matrices and sums of kurtosis, in the plainest arithmetic.
  @Test func thePublishedTotalsAreMeanDifferencesAndKurtosis() throws {
    var random = Seeded.fresh()
    let models = (0..<3).map { _ in random.weights(512) }
    // Two square matrices of 16 x 16.
    let tensors = Synthetic(linear: models, maps: 2).sums
    let problem = Problem.of(models: 3, LineageOptions(metric: .motherFT, stage: .specialization))
    let totals = try TensorPass(problem, PublishedRules(problem)).run(tensors)
    for i in 0..<3 {
      for j in 0..<3 where i != j {
        let mean = zip(models[i], models[j]).reduce(0) { $0 + abs($1.0 - $1.1) } / 256
        #expect(abs(totals.comparison.clusteringDistances[i, j] - mean) < 1e-12, "seed \(random.seed)")
      }
      let kurtosis = (0..<2).reduce(0.0) { sum, map in
        let part = Array(models[i][map * 256..<(map + 1) * 256])
        let mean = part.reduce(0, +) / 256
        let m2 = part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let m4 = part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) * ($1 - mean) }
        return sum + 256 * m4 / (m2 * m2) - 3
      }
      #expect(abs(totals.comparison.scores[i] - kurtosis) < 1e-9, "seed \(random.seed)")
    }
  }
}
