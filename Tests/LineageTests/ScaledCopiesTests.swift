import Core
import Encodings
import Graph
import Lineage
import System
import TestSeed
import Testing

/// Arithmetic that is no training.
@Suite struct ScaledCopiesTests {
  /// A root, a child and a grandchild, and one more child, that are found as they came about: one such family in 200
  /// is not, and what is asked here is what a copy changes.
  private func family(_ random: inout Seeded) throws -> [[Double]] {
    while true {
      let base = random.trainedWeights(8192)
      let child = random.trained(base, by: 0.1)
      let models = [base, child, random.trained(child, by: 0.1), random.trained(base, by: 0.12)]
      if try solve(Synthetic(linear: models).sums, models: 4).parents == [nil, 0, 1, 0] { return models }
    }
  }

  @Test(arguments: [1.01, 0.5, 2, -1])
  func aMultipleIsACopyAndNeverARoot(_ factor: Double) throws {
    var random = Seeded.fresh()
    var models = try family(&random)
    models.insert(models[0].map { factor * $0 }, at: 0)
    let found = try solve(Synthetic(linear: models).sums, models: 5)
    #expect(found.parents == [1, nil, 1, 2, 1], "factor \(factor), seed \(random.seed)")
    #expect(found.relations[0] == Relation(.reformatted))
    #expect(found.transforms[0] == [.scaled])
    #expect(Set(found.families).count == 1)
  }

  /// They are as near to each other as the two that they were made from.
  @Test(arguments: [2, 0.5, 3])
  func twoMultiplesByTheSameNumberAreCopies(_ factor: Double) throws {
    var random = Seeded.fresh()
    var models = try family(&random)
    models.insert(contentsOf: [models[1].map { factor * $0 }, models[2].map { factor * $0 }], at: 0)
    let found = try solve(Synthetic(linear: models).sums, models: 6)
    #expect(found.parents == [3, 4, nil, 2, 3, 2], "factor \(factor), seed \(random.seed)")
    #expect(found.relations[0] == Relation(.reformatted) && found.relations[1] == Relation(.reformatted))
    #expect(found.directionSupport[0] > 0.9 && found.directionSupport[1] > 0.9, "seed \(random.seed)")
    // Nor does a copy stand in for its original as a parent.
    #expect((2..<6).allSatisfy { found.cost[0, $0].isNaN && found.cost[1, $0].isNaN })
  }

  /// Where all models come with a multiple, nothing tells which half is the original.
  @Test func theOrderIsOpenWhereEveryModelHasAMultiple() throws {
    var random = Seeded.fresh()
    let models = try family(&random)
    let found = try solve(Synthetic(linear: models + models.map { $0.map { 1.1 * $0 } }).sums, models: 8)
    let copies = found.relations.indices.filter { found.relations[$0] == Relation(.reformatted) }
    #expect(copies.count == 4, "seed \(random.seed)")
    #expect(copies.allSatisfy { found.directionSupport[$0] == 0.5 }, "seed \(random.seed)")
  }

  /// Queries and keys: both signs change, and the product stays.
  @Test func aNegatedPairOfMapsIsACopy() throws {
    var random = Seeded.fresh()
    var models = try family(&random)
    models.append(models[2].enumerated().map { place, weight in place < 2048 ? -weight : weight })
    let found = try solve(Synthetic(linear: models).sums, models: 5)
    #expect(found.parents == [nil, 0, 1, 0, 2], "seed \(random.seed)")
    #expect(found.relations[4] == Relation(.reformatted))
  }

  @Test func aLightUpdateIsTraining() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(8192)
    let models = [base, random.trained(base, by: 0.003).map { 0.999 * $0 }]
    let found = try solve(Synthetic(linear: models).sums, models: 2)
    #expect(found.transforms == [[], []], "seed \(random.seed)")
    #expect(found.relations[1] == .finetune)
  }

  /// Without other relatives, nothing tells which of the two is the original.
  @Test func theOrderOfTwoMultiplesAloneIsUndecided() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(8192)
    let found = try solve(Synthetic(linear: [base, base.map { 1.1 * $0 }]).sums, models: 2)
    #expect(found.parents == [nil, 0], "seed \(random.seed)")
    #expect(found.directionSupport[1] == 0.5)
  }

  @Test(arguments: [1e4, 1e-5, 1e-8])
  func aMultipleOfAnotherSizeIsACopyOfOneModelOnly(_ factor: Double) throws {
    var random = Seeded.fresh()
    var models = try family(&random)
    models.insert(models[0].map { factor * $0 }, at: 0)
    let found = try solve(Synthetic(linear: models).sums, models: 5)
    #expect(found.parents[0] == 1 && found.relations[0] == Relation(.reformatted), "seed \(random.seed)")
    #expect(found.relations[1...].allSatisfy { $0 != Relation(.reformatted) }, "seed \(random.seed)")
    #expect(Set(found.families).count == 1)
  }

  /// Of weights whose sizes differ that much, squared distances do not tell one angle from another.
  @Test(arguments: [1e-6, 1e-10])
  func aTinyModelIsNoMultipleOfStrangers(_ factor: Double) throws {
    var random = Seeded.fresh()
    let models = [random.trainedWeights(8192), random.trainedWeights(8192).map { factor * $0 }]
    let found = try solve(Synthetic(linear: models).sums, models: 2)
    #expect(found.parents == [nil, nil] && Set(found.families).count == 2, "seed \(random.seed)")
  }

  /// Of every row, the smaller half is zero in the copy; what was trained from the copy is below it.
  @Test func aPrunedCopyIsBelowItsSource() throws {
    var random = Seeded.fresh()
    var models = try family(&random)
    let pruned = stride(from: 0, to: 8192, by: 32).flatMap { start in
      let row = models[1][start..<start + 32]
      let median = row.map(abs).sorted()[16]
      return row.map { abs($0) < median ? 0 : $0 }
    }
    models.insert(pruned, at: 0)
    models.append(random.trained(pruned, by: 0.05))
    let found = try solve(Synthetic(linear: models, maps: 4, columns: 32).sums, models: 6)
    #expect(found.parents[0] == 2 && found.parents[5] == 0, "seed \(random.seed)")
    #expect(found.relations[0] == Relation(.pruned) && found.relations[5] == .finetune)
    #expect(found.directionSupport[0] == 1)
  }

  /// Weights that were zero until they were trained are no sign of pruning.
  @Test func rowsThatWereZeroMayHaveBeenTrained() throws {
    var random = Seeded.fresh()
    let child = random.trainedWeights(8192)
    let base = child.enumerated().map { place, weight in place % 2048 < 512 ? 0 : weight }
    let found = try solve(Synthetic(linear: [child, base], maps: 4, columns: 32).sums, models: 2)
    #expect(found.relations.allSatisfy { $0 != Relation(.pruned) }, "seed \(random.seed)")
  }

  /// Programs round what lies halfway between two bf16 numbers up, or to the even one of them.
  @Test(arguments: [false, true])
  func aCastToAShorterTypeIsBelowItsSource(roundsHalfToEven: Bool) throws {
    var random = Seeded.fresh()
    var models = try family(&random).map { $0.map { Double(Float($0)) } }
    // A few weights that lie halfway, as one in 65,536 does by chance.
    for place in stride(from: 5, to: 8192, by: 512) {
      models[2][place] = Double(Float(bitPattern: Float(models[2][place]).bitPattern & 0xffff_0000 | 0x8000))
    }
    models.append(
      models[2].map { weight in
        let bits = Float(weight).bitPattern
        let half: UInt32 = roundsHalfToEven ? 0x7fff + (bits >> 16 & 1) : 0x8000
        return Double(Float(bitPattern: (bits &+ half) & 0xffff_0000))
      })
    let found = try solve(Synthetic(linear: models, maps: 4, columns: 32).sums, models: 5)
    #expect(found.parents == [nil, 0, 1, 0, 2], "seed \(random.seed)")
    #expect(found.relations[4] == .quantized)
  }

  @Test func moreTokensAndNothingElseIsAnExtension() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(8192)
    let models = [base, base, random.trained(base, by: 0.1)]
    let found = try solve(
      Synthetic(linear: models).sums, models: 3, tokens: [264, 256, 300], haveSameSignature: { _, _ in false })
    #expect(found.parents[0] == 1 && found.parents[1] == nil, "seed \(random.seed)")
    #expect(found.relations[0] == Relation(.extended))
    #expect(found.transforms[0] == [.vocabulary] && found.transforms[2] == [.vocabulary])
    #expect(found.relations[2] == .finetune)
  }
}
