import Core
import Lineage
import TestSeed
import Testing

/// Which of several models with the same weights is the original of the others.
@Suite struct DuplicatesTests {
  /// Of two copies, the model that arithmetic brought into other coordinates errs more, wherever it stands.
  @Test(arguments: [0, 1, 2])
  func theModelWhoseNumbersErrIsTheCopy(_ restored: Int) throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(8192)
    var models = [base, base, base]
    models[restored] = base.map { $0 * (1 + 3e-6 * random.normal()) }
    var problem = Problem.of(models: 3)
    problem.tolerances[restored] = 1e-5
    let found = try LineageSolver(problem).solve(Synthetic(linear: models).sums)
    let original = restored == 0 ? 1 : 0
    #expect(found.duplicateOf == (0..<3).map { $0 == original ? nil : original }, "seed \(random.seed)")
  }
}
