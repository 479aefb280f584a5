import Core
import Graph
import Lineage
import TestSeed
import Testing

/// Copies in coarser encodings, among relatives of all sorts.
struct QuantizedCopiesTests {
  /// Rounds to multiples of a step for each 32 weights, as formats with scales do.
  private static func rounded(_ weights: [Double], levels: Double) -> [Double] {
    stride(from: 0, to: weights.count, by: 32).flatMap { start -> [Double] in
      let group = weights[start..<min(start + 32, weights.count)]
      let step = 2 * (group.map(abs).max() ?? 0) / levels
      return group.map { step > 0 ? ($0 / step).rounded() * step : 0 }
    }
  }

  /// Mean squared error over mean square.
  private static func noise(_ weights: [Double], _ rounded: [Double]) -> Double {
    zip(weights, rounded).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / weights.reduce(0) { $0 + $1 * $1 }
  }

  private static func solve(
    _ models: [[Double]?], tables: [[Double]?] = [], noise: [Int: Double], unread: [Int: String] = [:]
  ) throws -> Lineage {
    var problem = LineageProblem(
      rounding: Array(repeating: 0x1p-24, count: models.count), options: LineageOptions(),
      haveSameSignature: { unread[$0] == nil && unread[$1] == nil })
    problem.noise = { _, model in noise[model] ?? 0x1p-48 }
    problem.unread = unread
    let linear = Synthetic(linear: models).sums
    let others = (0..<(tables.isEmpty ? 0 : 4)).map { number in
      Synthetic.Tensor(
        name: "table\(number)", role: .embedding, extents: [16, 16],
        weights: tables.map { $0.map { Array($0[number * 256..<(number + 1) * 256]) } })
    }
    return try LineageSolver(problem).solve(linear + Synthetic(others).sums)
  }

  @Test(arguments: [6.0, 14, 100])
  func aCopySitsUnderItsSourceAndWhatWasTrainedFromItUnderTheCopy(_ levels: Double) throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(65_536)
    let a = random.trained(base, by: 0.3)
    let a1 = random.trained(a, by: 0.2)
    let copy = Self.rounded(a, levels: levels)
    let noise = Self.noise(a, copy)
    // Nearer to the copy than rounding moved it from its source.
    let fromCopy = random.trained(copy, by: 0.3 * noise.squareRoot())
    let found = try Self.solve([base, a, a1, copy, fromCopy], noise: [3: noise])
    #expect(found.parents == [nil, 0, 1, 1, 3], "seed \(random.seed)")
    #expect(found.relations[3] == .quantized && found.relations[4] != .quantized, "seed \(random.seed)")
    #expect(found.support[3] == 1 && found.directionSupport[3] == 1)
  }

  /// Copies of one model look like sources of the coarser ones among them, and together like parts of anything.
  @Test func copiesOfAllKindsAreUnderTheirSource() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(8192)
    let (a, b) = (random.trained(base, by: 0.3), random.trained(base, by: 0.25))
    let copies = [4.0, 6, 10, 14, 30, 100].map { Self.rounded(base, levels: $0) }
    let noise = copies.enumerated().map { ($0 + 3, Self.noise(base, $1)) }
    let found = try Self.solve([base, a, b] + copies, noise: Dictionary(uniqueKeysWithValues: noise))
    #expect(found.parents == [nil, 0, 0] + copies.map { _ in 0 }, "seed \(random.seed)")
    #expect(found.relations[3...].allSatisfy { $0 == .quantized }, "seed \(random.seed)")
    #expect(found.merges.isEmpty && found.absentParents.isEmpty, "seed \(random.seed)")
  }

  /// Maps and vectors of models: the maps are 65,536 numbers, the vectors 8 times 64.
  private static func solve(
    _ models: [(maps: [Double], vectors: [Double])], noise: @escaping @Sendable (_ isMap: Bool, _ model: Int) -> Double
  ) throws -> Lineage {
    var problem = LineageProblem(
      rounding: Array(repeating: 0x1p-8, count: models.count), options: LineageOptions(),
      haveSameSignature: { _, _ in false })
    problem.noise = { tensor, model in noise(tensor < 8, model) }
    let vectors = (0..<8).map { number in
      Synthetic.Tensor(
        name: "norm\(number)", role: .vector, extents: [64],
        weights: models.map { Array($0.vectors[number * 64..<(number + 1) * 64]) })
    }
    return try LineageSolver(problem).solve(Synthetic(linear: models.map(\.maps)).sums + Synthetic(vectors).sums)
  }

  private static func brain(_ weight: Double) -> Double {
    Double(Float(bitPattern: (Float(weight).bitPattern &+ 0x8000) & 0xffff_0000))
  }

  private static let brainNoise = 0.18 * 0x1p-16

  /// A copy keeps vectors as floats, where children of the source, in half precision, are coarser: by that they are no
  /// copies of it, even if their vectors moved by no more than rounding does.
  @Test(arguments: [0.01, 0.05, 0.2])
  func childrenOfTheSourceAreNoCopiesOfTheCopy(_ relative: Double) throws {
    var random = Seeded.fresh()
    let base = (
      maps: random.trainedWeights(65_536).map(Self.brain),
      vectors: (0..<512).map { _ in Self.brain(1 + random.normal() / 50) }
    )
    let children = (0..<2).map { _ in
      (
        maps: random.trained(base.maps, by: relative).map(Self.brain),
        vectors: base.vectors.map { Self.brain($0 * (1 + random.normal() * 0x1p-9)) }
      )
    }
    let copy = (maps: Self.rounded(base.maps, levels: 14), vectors: base.vectors)
    let coarse = Self.noise(base.maps, copy.maps)
    let found = try Self.solve([base] + children + [copy]) { isMap, model in
      model < 3 ? Self.brainNoise : isMap ? coarse : 0x1p-48
    }
    #expect(found.relations[3] == .quantized && found.parents[3] == 0, "seed \(random.seed)")
    #expect(found.relations[1] != .quantized && found.relations[2] != .quantized, "seed \(random.seed)")
    #expect(found.parents[1] != 3 && found.parents[2] != 3, "seed \(random.seed)")
    #expect(found.parents.count { $0 == nil } == 1, "seed \(random.seed)")
  }

  /// Of an original in floats, a cast of all of it and a copy that keeps its vectors: each is coarser than the other in
  /// something, and only one of them can be the other's copy.
  @Test func twoCopiesOfAnAbsentOriginalAreOneFamilyWithOneRoot() throws {
    var random = Seeded.fresh()
    let (maps, vectors) = (random.trainedWeights(65_536), (0..<512).map { _ in 1 + random.normal() / 50 })
    let cast = (maps: maps.map(Self.brain), vectors: vectors.map(Self.brain))
    let copy = (maps: Self.rounded(maps, levels: 100), vectors: vectors)
    let coarse = Self.noise(maps, copy.maps)
    for models in [[cast, copy], [copy, cast]] {
      let number = models[0].vectors == vectors ? 0 : 1
      let found = try Self.solve(models) { isMap, model in
        model == number ? isMap ? coarse : 0x1p-48 : Self.brainNoise
      }
      #expect(found.families == [0, 0] && found.parents[number] == 1 - number, "seed \(random.seed)")
      #expect(found.parents[1 - number] == nil && found.relations[number] == .quantized, "seed \(random.seed)")
    }
  }

  @Test func relativesInTheSameEncodingAreNoCopies() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(8192)
    let children = (0..<3).map { _ in random.trained(base, by: 0.2) }
    let all = ([base] + children).map { Self.rounded($0, levels: 14) }
    let noise = Self.noise(base, all[0])
    let found = try Self.solve(all, noise: [0: noise, 1: noise, 2: noise, 3: noise])
    #expect(found.relations.allSatisfy { $0 != .quantized }, "seed \(random.seed)")
    #expect(Set(found.families) == [0])
  }

  @Test func whatIsLeftOfAModelThatCannotBeReadSaysWhatItWasMadeFrom() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(4096)
    let models = [base, random.trained(base, by: 0.2), random.trained(base, by: 0.2)]
    let table = random.trainedWeights(1024)
    let tables = [table, random.trained(table, by: 0.1), random.trained(table, by: 0.1)]
    let found = try Self.solve(
      models + [nil, nil], tables: tables + [tables[2], random.trainedWeights(1024)], noise: [:], unread: [3: "NF4"])
    #expect(found.parents[3] == 2 && found.relations[3] == .quantized, "seed \(random.seed)")
    #expect(found.families[3] == found.families[2] && found.support[3] == 1)
    #expect(found.parents[4] == nil && found.families[4] != found.families[0])
  }
}
