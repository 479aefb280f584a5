import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct ComponentPassTests {
  /// Two families of three on maps of 2,048 weights; the last model of the second took two maps from the first.
  private func collection(_ random: inout Seeded) -> [[Double]] {
    let roots = (0..<2).map { _ in random.weights(16_384) }
    var models = roots.flatMap { [$0, random.trained($0, by: 0.1), random.trained($0, by: 0.1)] }
    models[5].replaceSubrange(2048..<6144, with: models[1][2048..<6144])
    return models
  }

  private func components(
    _ tensors: [TensorSums], models: Int, parents: [Int?]? = nil
  ) throws -> (found: [SharedComponent], families: [Int]) {
    let problem = Problem.of(models: models)
    let totals = try TensorPass(problem, LikelihoodMethod(problem)).run(tensors)
    let families = FamilyGrouping(problem).run(totals)
    let found = try ComponentPass(problem).run(
      tensors, totals, families, parents: parents ?? Array(repeating: nil, count: models))
    return (found, families.numbers)
  }

  @Test func aBorrowedPartIsNamedWithItsSourceAndFusesNoFamilies() throws {
    var random = Seeded.fresh()
    var tensors = Synthetic(linear: collection(&random)).tensors
    for map in tensors.indices { tensors[map].name = "model.layers.\(map).self_attn.o_proj.weight" }
    let (found, families) = try components(Synthetic(tensors).sums, models: 6)
    #expect(families == [0, 0, 0, 1, 1, 1], "seed \(random.seed)")
    #expect(
      found == [
        SharedComponent(source: 1, target: 5, name: "self_attn.o_proj", weights: 4096, isOrderKnown: true)
      ], "seed \(random.seed)")
  }

  /// Models of two families that took parts of each other's, and one of a third: each part has a home of its own.
  @Test func partsTakenInBothDirectionsAreToldApart() throws {
    var random = Seeded.fresh()
    let roots = (0..<3).map { _ in random.weights(16_384) }
    var models = roots.flatMap { root in [root] + (0..<3).map { _ in random.trained(root, by: 0.1) } }
    models[3].replaceSubrange(0..<2048, with: models[6][0..<2048])
    models[7].replaceSubrange(2048..<4096, with: models[1][2048..<4096])
    models[11].replaceSubrange(4096..<6144, with: models[2][4096..<6144])
    let (found, families) = try components(Synthetic(linear: models).sums, models: 12)
    #expect(families == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2], "seed \(random.seed)")
    #expect(found.map { [$0.source, $0.target, $0.weights] } == [[6, 3, 2048], [1, 7, 2048], [2, 11, 2048]])
    #expect(found.allSatisfy { $0.isOrderKnown }, "seed \(random.seed)")
  }

  /// Where as many models of a family have the part as have not, its root tells whether it was theirs.
  @Test func theRootOfAFamilyTellsWhereMostModelsDoNot() throws {
    var random = Seeded.fresh()
    let roots = (0..<2).map { _ in random.weights(16_384) }
    var models = roots.flatMap { [$0, random.trained($0, by: 0.1)] }
    models[3].replaceSubrange(0..<2048, with: models[0][0..<2048])
    models[1].replaceSubrange(0..<2048, with: random.weights(2048))
    let (found, _) = try components(Synthetic(linear: models).sums, models: 4, parents: [nil, 0, nil, 2])
    #expect(found.map { [$0.source, $0.target] } == [[0, 3]] && found[0].isOrderKnown, "seed \(random.seed)")
  }

  /// Nothing tells which of the families had the part first.
  @Test func aPartThatTwoFamiliesShareIsSaidOnce() throws {
    var random = Seeded.fresh()
    var models = collection(&random)
    for model in 3..<6 { models[model].replaceSubrange(2048..<6144, with: models[0][2048..<6144]) }
    for model in 1..<3 { models[model].replaceSubrange(2048..<6144, with: models[0][2048..<6144]) }
    let (found, families) = try components(Synthetic(linear: models).sums, models: 6)
    #expect(families == [0, 0, 0, 1, 1, 1], "seed \(random.seed)")
    #expect(found.count == 1 && found[0].isOrderKnown == false && found[0].weights == 4096)
  }

  /// Whatever the order of the models, the whole has the part.
  @Test(arguments: [false, true]) func theWholeHasThePartOfTheSmallerModel(_ isTowerFirst: Bool) throws {
    var random = Seeded.fresh()
    let (tower, text) = (random.weights(8192), random.weights(16_384))
    let order = isTowerFirst ? [1, 0] : [0, 1]
    let small = Synthetic(linear: [tower, tower], maps: 4).sums
    let part = NetworkOverlap.Tensor(place: "tower", kind: "tower", weights: 8192)
    let own = NetworkOverlap.Tensor(place: "text", kind: "text", weights: 4 * 8192)
    var problem = Problem.of(models: 2)
    problem.haveSameSignature = { _, _ in false }
    problem.overlap = NetworkOverlap(order.map { [[part, own], [part]][$0] })
    var large = Synthetic(linear: order.map { $0 == 0 ? text : nil }, maps: 4)
    for map in large.tensors.indices { large.tensors[map].name = "text.\(map).weight" }
    let tensors = small + large.sums
    let totals = try TensorPass(problem, LikelihoodMethod(problem)).run(tensors)
    let families = FamilyGrouping(problem).run(totals)
    let found = try ComponentPass(problem).run(tensors, totals, families, parents: [nil, nil])
    #expect(families.numbers == [0, 1], "seed \(random.seed)")
    #expect(found.map(\.target) == [isTowerFirst ? 1 : 0] && found.map(\.isOrderKnown) == [false])
    #expect(found.map(\.weights) == [8192])
  }

  /// A model of two halves belongs to one of the families, whichever, and joins them with none.
  @Test func aModelOfTwoHalvesFusesNoFamilies() throws {
    var random = Seeded.fresh()
    var models = collection(&random)
    models.append(random.trained(models[1], by: 0.01))
    models[6].replaceSubrange(8192..<16_384, with: models[4][8192..<16_384])
    let (found, families) = try components(Synthetic(linear: models).sums, models: 7)
    #expect(families[..<6] == [0, 0, 0, 1, 1, 1], "seed \(random.seed)")
    #expect(families[6] < 2 && found.contains { $0.target == 6 || $0.source == 6 }, "seed \(random.seed)")
  }

  @Test func strangersHaveNothingInCommon() throws {
    var random = Seeded.fresh()
    let models = (0..<4).map { _ in random.weights(16_384) }
    #expect(try components(Synthetic(linear: models).sums, models: 4).found.isEmpty, "seed \(random.seed)")
  }

  @Test(arguments: [
    (["model.vision_tower.a.weight", "model.vision_tower.b.weight"], "model.vision_tower"),
    (["model.layers.0.mlp.up.weight", "model.layers.1.mlp.down.weight"], "mlp"),
    (["layers.3.self_attn.o_proj.weight", "layers.4.self_attn.o_proj.weight"], "self_attn.o_proj"),
    (["model.layers.0.mlp.up.weight", "model.layers.0.self_attn.q.weight"], "model.layers.0"),
    (["a.x", "b.y", "c.z"], "3 tensors"),
  ])
  func partsAreCalledWhatTheirNamesShare(_ names: [String], _ expected: String) {
    #expect(SharedComponent.name(of: names) == expected)
  }
}
