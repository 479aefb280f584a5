import Core
import Graph
import Lineage
import System
import TestSeed
import Testing

/// The model that an adapter was trained on is found from traces, and said to be unknown without them.
struct AdapterBasesTests {
  private static let side = 32
  private static let maps = 6

  /// A family of maps with activations of its own: a root, and a child that moved from it.
  private struct Family {
    var root: [[Double]]
    var child: [[Double]]
    var inputs: [[Double]]
    var outputs: [[Double]]

    init(_ random: inout Seeded) {
      var maps: (root: [[Double]], child: [[Double]], inputs: [[Double]], outputs: [[Double]]) = ([], [], [], [])
      for _ in 0..<AdapterBasesTests.maps {
        let x = AdapterBasesTests.vector(AdapterBasesTests.side, &random)
        let y = AdapterBasesTests.vector(AdapterBasesTests.side, &random)
        let noise = AdapterBasesTests.vector(AdapterBasesTests.side * AdapterBasesTests.side, &random)
        let sum = AdapterBasesTests.outer(y, x)
        let root = zip(noise, sum).map { $0 + 0.5 * $1 }
        maps.root.append(root)
        maps.child.append(zip(root, sum).map { $0 + 0.2 * $1 })
        maps.inputs.append(x)
        maps.outputs.append(y)
      }
      (root, child, inputs, outputs) = maps
    }
  }

  private static func vector(_ count: Int, _ random: inout Seeded) -> [Double] {
    (0..<count).map { _ in Double.random(in: -1...1, using: &random) }
  }

  private static func outer(_ y: [Double], _ x: [Double]) -> [Double] { y.flatMap { a in x.map { a * $0 } } }

  /// - Parameters:
  ///   - models: maps of each model.
  ///   - step: of the adapter along the family's activations.
  private func verdict(
    _ models: [[[Double]]], _ family: Family, step: Double, families: [Int], relations: [Relation?],
    isForbidden: (Int, Int) -> Bool = { _, _ in false }
  ) -> AdapterVerdict? {
    let adapter = models.count
    let maps = Array(0..<Self.maps)
    var bases = AdapterBases(
      models: models.count + 1, metric: .l2, targets: [adapter: maps], updates: [adapter: maps.count])
    for map in maps {
      let synthetic = Synthetic.Tensor(
        name: "layers.\(map).weight", role: .linear, extents: [Self.side, Self.side],
        weights: models.map { $0[map] } + [nil])
      guard var sums = Synthetic.sums(synthetic) else { return nil }
      sums.places = SampleGrid.places(
        columns: Self.side, coordinates: 0..<(Self.side * Self.side), count: sums.sums.samples.count)
      let update = LowRankUpdate(
        down: family.inputs[map].map { Float($0) }, up: family.outputs[map].map { Float(step * $0) }, rank: 1,
        scale: 1, isTransposed: false)
      bases.add(sums, updates: [(adapter, update)])
    }
    return bases.verdicts(
      families: families + [(families.max() ?? 0) + 1], relations: relations + [nil], excluded: [],
      isForbidden: isForbidden
    ).first
  }

  /// Factors that fit nobody, and a head that was trained from one model's.
  @Test func aTrainedHeadTellsTheFamilyWhereTheFactorsDoNot() throws {
    var random = Seeded.fresh()
    let (family, strangers) = (Family(&random), Family(&random))
    let models = [strangers.root, family.root]
    let heads = (0..<2).map { _ in random.weights(4096) }
    for own in 0..<2 {
      let trained = random.trained(heads[own], by: 0.3)
      var bases = AdapterBases(models: 3, metric: .l2, targets: [2: Array(0..<Self.maps)], updates: [2: Self.maps])
      for map in 0..<Self.maps {
        var sums = try #require(
          Synthetic.sums(
            Synthetic.Tensor(
              name: "layers.\(map).weight", role: .linear, extents: [Self.side, Self.side],
              weights: models.map { $0[map] } + [nil])))
        sums.places = SampleGrid.places(
          columns: Self.side, coordinates: 0..<(Self.side * Self.side), count: sums.sums.samples.count)
        let update = LowRankUpdate(
          down: random.weights(Self.side).map { Float($0) }, up: random.weights(Self.side).map { Float($0) }, rank: 1,
          scale: 1, isTransposed: false)
        bases.add(sums, updates: [(2, update)])
      }
      let head = try #require(
        Synthetic.sums(
          Synthetic.Tensor(name: "lm_head.weight", role: .head, extents: [64, 64], weights: heads + [trained])))
      bases.add(head, updates: [])
      let found = try #require(
        bases.verdicts(families: [0, 1, 2], relations: [nil, nil, nil], excluded: []).first)
      #expect(found.base == own && found.support > 0.9, "seed \(random.seed)")
    }
  }

  /// Training on another task takes back what an earlier one added.
  @Test func whatTakesBackTheChildsTrainingWasTrainedOnTheChild() throws {
    var random = Seeded(31)
    let family = Family(&random)
    let found = try #require(
      verdict(
        [family.root, family.child], family, step: -0.1, families: [0, 0], relations: [nil, .finetune]))
    #expect(found.base == 1)
    #expect(found.support > 0.75)
    #expect(found.rank == 1)
    let other = try #require(
      verdict(
        [family.root, family.child], family, step: 0.1, families: [0, 0], relations: [nil, .finetune]))
    #expect(other.base == 0)
  }

  @Test func aModelThatIsAnotherOnePlusTheChangeProvesTheBase() throws {
    var random = Seeded(32)
    let family = Family(&random)
    // The rule of the members alone would take the root.
    let merged = family.child.indices.map { map in
      zip(family.child[map], Self.outer(family.outputs[map], family.inputs[map])).map { $0 + 0.1 * $1 }
    }
    let found = try #require(
      verdict(
        [family.root, family.child, merged], family, step: 0.1, families: [0, 0, 0],
        relations: [nil, .finetune, .lora(rank: 1)]))
    #expect(found.base == 1)
    #expect(found.support > 0.95)
  }

  @Test func strangersAreNotItsBase() throws {
    var random = Seeded(33)
    let families = (0..<4).map { _ in Family(&random) }
    let strangers = families.dropFirst().map(\.root)
    let alone = try #require(
      verdict(strangers, families[0], step: 0.1, families: [0, 1, 2], relations: [nil, nil, nil]))
    #expect(alone.base == nil)
    let found = try #require(
      verdict(
        strangers + [families[0].root], families[0], step: 0.1, families: [0, 1, 2, 3],
        relations: [nil, nil, nil, nil]))
    #expect(found.base == 3)
  }

  @Test func membersThatCannotBeToldApartShareTheSupport() throws {
    var random = Seeded(34)
    let family = Family(&random)
    let found = try #require(
      verdict(
        [family.root, family.root], family, step: 0.1, families: [0, 0], relations: [nil, .finetune]))
    #expect(found.base == 0, "nothing but the prior speaks for the root")
    #expect(found.support < 0.75)
  }

  @Test func aBaseThatIsYoungerIsNone() throws {
    var random = Seeded(35)
    let family = Family(&random)
    let found = try #require(
      verdict(
        [family.root, family.child], family, step: -0.1, families: [0, 0], relations: [nil, .finetune],
        isForbidden: { parent, _ in parent == 1 }))
    #expect(found.base == 0)
  }
}

@Suite struct AdapterAttachmentTests {
  /// An adapter of the first model: it joins its family, below it, and says from which change.
  @Test func adaptersJoinTheFamilyOfTheirBase() throws {
    var random = Seeded(36)
    let base = random.trainedWeights(8192)
    let models: [[Double]?] = [base, random.trained(base, by: 0.1), random.trainedWeights(8192), nil]
    var tensors = Synthetic(linear: models, maps: 8, columns: 32).sums
    for t in tensors.indices {
      tensors[t].places = SampleGrid.places(
        columns: 32, coordinates: 0..<1024, count: tensors[t].sums.samples.count)
    }
    var problem = Problem.of(models: 4, adapters: [3])
    let alone = try LineageSolver(problem).solve(tensors)
    #expect(alone.parents[3] == nil && alone.adapters.isEmpty && alone.families == [0, 0, 1, 2])

    // The change lies along the first directions of the base.
    let updates = (0..<8).map { map in
      let rows = (0..<32).map { Array(base[map * 1024 + $0 * 32..<map * 1024 + ($0 + 1) * 32]) }
      let down = rows[0].map { Float($0) }
      let up = rows.map { row in Float(0.1 * zip(row, rows[0]).reduce(0) { $0 + $1.0 * $1.1 }) }
      return LowRankUpdate(down: down, up: up, rank: 1, scale: 1, isTransposed: false)
    }
    problem.updates = AdapterUpdates(targets: [3: Array(0..<8)], counts: [3: 8]) { [(3, updates[$0])] }
    let found = try LineageSolver(problem).solve(tensors)
    let verdict = try #require(found.adapters.first)
    #expect(found.adapters.count == 1 && verdict.adapter == 3)
    let parent = try #require(verdict.base)
    #expect(parent == 0 || parent == 1, "a stranger's weights have no energy there")
    #expect(found.parents[3] == parent && found.families == [0, 0, 1, 0])
    #expect(found.relations[3] == .adapter(rank: 1))
    #expect(found.support[3] == verdict.support && found.directionSupport[3] == 1)
    #expect(found.distances[parent, 3] == verdict.distance && found.distances[3, parent] == verdict.distance)
    #expect(found.parents[..<3] == alone.parents[..<3])
  }

  @Test func aReaderThatFailsEndsTheSolving() throws {
    var random = Seeded(37)
    let tensors = Synthetic(linear: [random.trainedWeights(1024), nil], maps: 2).sums
    var problem = Problem.of(models: 2, adapters: [1])
    problem.updates = AdapterUpdates(targets: [1: [0]], counts: [1: 1]) { _ throws(Failure) in
      throw Failure(.badInput, "the factors are gone")
    }
    let error = #expect(throws: Failure.self) { try LineageSolver(problem).solve(tensors) }
    #expect(error?.message == "the factors are gone")
  }
}
