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
