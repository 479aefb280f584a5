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

  /// Two unrelated families of networks that were built around one tower of a fifth of their weights, and the tower.
  private func towers(_ random: inout Seeded, share: Int) -> (sums: [TensorSums], overlap: NetworkOverlap) {
    let tower = random.trainedWeights(2048)
    let roots = (0..<2).map { _ in random.trainedWeights(2048 * share) }
    let rest = roots.flatMap { [$0, random.trained($0, by: 0.1)] }
    let small = Synthetic(linear: rest.map { _ in tower } + [tower], maps: 4)
    var large = Synthetic(linear: rest.map { $0 } + [nil], maps: 4)
    for map in large.tensors.indices { large.tensors[map].name = "text.\(map).weight" }
    let part = NetworkOverlap.Tensor(place: "tower", kind: "tower", weights: 2048)
    let own = NetworkOverlap.Tensor(place: "text", kind: "text", weights: 2048 * share)
    return (small.sums + large.sums, NetworkOverlap(rest.map { _ in [part, own] } + [[part]]))
  }

  private func numbers(_ sums: [TensorSums], _ overlap: NetworkOverlap, models: Int) throws -> [Int] {
    var problem = Problem.of(models: models)
    problem.overlap = overlap
    problem.haveSameSignature = { _, _ in false }
    let totals = try TensorPass(problem, LikelihoodMethod(problem)).run(sums)
    return FamilyGrouping(problem).run(totals).numbers
  }

  @Test func aTowerMakesNoRelativesOfTheModelsThatHaveIt() throws {
    var random = Seeded.fresh()
    let found = towers(&random, share: 4)
    #expect(try numbers(found.sums, found.overlap, models: 5) == [0, 0, 1, 1, 2], "seed \(random.seed)")
  }

  /// As an encoder without its decoder: of one family it is a member, of two it proves nothing.
  @Test func aLargePartBelongsToTheOnlyFamilyThatHasIt() throws {
    var random = Seeded.fresh()
    let part = NetworkOverlap.Tensor(place: "encoder", kind: "encoder", weights: 4, name: "encoder")
    let rest = NetworkOverlap.Tensor(place: "decoder", kind: "decoder", weights: 6)
    let overlap = NetworkOverlap([[part, rest], [part, rest], [part]])
    let encoder = random.trainedWeights(2048)
    let first = Synthetic(linear: [encoder, random.trained(encoder, by: 0.1), random.trained(encoder, by: 0.1)]).sums
    #expect(try numbers(first, overlap, models: 3) == [0, 0, 0], "seed \(random.seed)")
    var tower = part
    tower.name = "tower.encoder"
    let built = NetworkOverlap([[tower, rest], [tower, rest], [part]])
    #expect(try numbers(first, built, models: 3) == [0, 0, 1], "seed \(random.seed)")
    let (one, other) = (random.trainedWeights(8192), random.trainedWeights(8192))
    var second = Synthetic(linear: [one, other, nil])
    for map in second.tensors.indices { second.tensors[map].name = "decoder.\(map).weight" }
    let both = Synthetic(linear: [encoder, encoder, encoder]).sums + second.sums
    #expect(try numbers(both, overlap, models: 3) == [0, 1, 2], "seed \(random.seed)")
  }

  @Test func nobodyIsNoFamily() throws {
    #expect(FamilyGroups(numbers: [], duplicateOf: []).families.isEmpty)
  }
}
