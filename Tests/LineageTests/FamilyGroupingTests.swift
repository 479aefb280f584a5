import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct FamilyGroupingTests {
  private func groups(
    _ models: [[Double]], adapters: Set<Int> = [], families: Int? = nil
  ) throws -> FamilyGroups {
    let problem = Problem.of(models: models.count, LineageOptions(families: families), adapters: adapters)
    let totals = try TensorPass(problem, LikelihoodMethod(problem)).run(Synthetic(linear: models).sums)
    return FamilyGrouping(problem).run(totals)
  }

  @Test func copiesBelongToTheFirstAndAdaptersAreAlone() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(1024)
    let models = [base, random.trainedWeights(1024), base, random.trained(base, by: 0.1), base]
    let found = try groups(models, adapters: [4])
    #expect(found.numbers == [0, 1, 0, 0, 2], "seed \(random.seed)")
    #expect(found.duplicateOf == [nil, nil, 0, nil, nil])
    #expect(found.families.map(\.members) == [[0, 2, 3], [1], [4]])
    #expect(found.families.map(\.distinct) == [[0, 3], [1], [4]])
    #expect(found.areCopies(0, 2) && found.areCopies(2, 0) && found.areCopies(3, 3))
    #expect(!found.areCopies(0, 3) && !found.areCopies(0, 4))
  }

  @Test func aNumberOfFamiliesIsKeptToWhateverTheRelatedness() throws {
    var random = Seeded.fresh()
    let models = (0..<4).map { _ in random.trainedWeights(1024) }
    #expect(try groups(models).families.count == 4, "seed \(random.seed)")
    #expect(try groups(models, families: 1).families.count == 1)
    #expect(try groups(models, families: 3).families.count == 3)
  }

  @Test func nobodyIsNoFamily() throws {
    #expect(FamilyGroups(numbers: [], duplicateOf: []).families.isEmpty)
  }
}
