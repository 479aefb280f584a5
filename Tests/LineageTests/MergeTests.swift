import Core
import Graph
import Encodings
import Lineage
import System
import TestSeed
import Testing

@Suite struct MergeTests {
  /// A base, two that were trained from it, one from the first of them, and what `make` puts together.
  private func models(
    _ random: inout Seeded, _ make: (_ base: [Double], _ a: [Double], _ b: [Double]) -> [Double]
  ) -> [[Double]] {
    let base = random.trainedWeights(8192)
    let a = random.trained(base, by: 0.1)
    let b = random.trained(base, by: 0.15)
    return [base, a, b, random.trained(a, by: 0.1), make(base, a, b)]
  }

  private static func combine(_ parts: [(Double, [Double])]) -> [Double] {
    parts[0].1.indices.map { p in parts.reduce(0) { $0 + $1.0 * $1.1[p] } }
  }

  @Test func aMeanHasBothParentsAndTheirShares() throws {
    var random = Seeded.fresh()
    let models = models(&random) { _, a, b in Self.combine([(0.4, a), (0.6, b)]) }
    let found = try solve(Synthetic(linear: models, maps: 4).sums, models: 5)
    #expect(found.merges.map(\.child) == [4], "seed \(random.seed)")
    let merge = try #require(found.merges.first)
    let shares = Dictionary(uniqueKeysWithValues: zip(merge.parents, merge.shares))
    #expect(abs((shares[1] ?? 0) - 0.4) < 1e-6 && abs((shares[2] ?? 0) - 0.6) < 1e-6, "seed \(random.seed)")
    #expect(found.parents[4] == 1 || found.parents[4] == 2)
    #expect(found.relations[4] == .merge && found.directionSupport[4] == 1)
    #expect(found.parents[..<4] == [nil, 0, 0, 1], "seed \(random.seed)")
  }

  /// base + 0.7 (a - base) + 0.5 (b - base): the base has the share -0.2. Solved for a or b, the same
  /// combination has larger shares; only the last one made is a merge.
  @Test func aSumOfTaskVectorsIsAMergeAndItsPartsAreNot() throws {
    var random = Seeded.fresh()
    let models = models(&random) { base, a, b in Self.combine([(-0.2, base), (0.7, a), (0.5, b)]) }
    let found = try solve(Synthetic(linear: models, maps: 4).sums, models: 5)
    #expect(found.merges.map(\.child) == [4], "seed \(random.seed)")
    let merge = try #require(found.merges.first)
    let shares = Dictionary(uniqueKeysWithValues: zip(merge.parents, merge.shares))
    #expect(shares.count == 2, "the base is no parent")
    #expect(abs((shares[1] ?? 0) - 0.7) < 1e-6 && abs((shares[2] ?? 0) - 0.5) < 1e-6, "seed \(random.seed)")
    #expect(found.parents[..<4] == [nil, 0, 0, 1], "seed \(random.seed)")
  }

  /// Rounding to bf16 moves a mean away from where its parents say; that much is granted.
  @Test func aRoundedMeanIsAMean() throws {
    var random = Seeded.fresh()
    func rounded(_ weights: [Double]) -> [Double] {
      weights.map { value in
        guard value != 0 else { return 0 }
        let step = Double(sign: .plus, exponent: value.exponent - 7, significand: 1)
        return (value / step).rounded() * step
      }
    }
    let base = rounded(random.trainedWeights(8192))
    let a = rounded(random.trained(base, by: 0.02))
    let b = rounded(random.trained(base, by: 0.02))
    let mean = rounded(Self.combine([(0.5, a), (0.5, b)]))
    let found = try solve(
      Synthetic(linear: [base, a, b, mean], maps: 4).sums, models: 4, rounding: Encoding.bf16.roundoff)
    #expect(found.merges.map(\.child) == [3], "seed \(random.seed)")
  }

  @Test(arguments: [4, 6, 8])
  func aMeanOfManyHasAllItsParents(_ count: Int) throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(8192)
    let parts = (0..<count).map { _ in random.trained(base, by: 0.1) }
    let shares = (0..<count).map { Double($0 + 2) }
    let total = shares.reduce(0, +)
    let mean = Self.combine(zip(shares, parts).map { ($0 / total, $1) })
    let found = try solve(Synthetic(linear: [base] + parts + [mean], maps: 4).sums, models: count + 2)
    let merge = try #require(found.merges.first, "seed \(random.seed)")
    #expect(found.merges.count == 1 && merge.child == count + 1)
    #expect(merge.parents.sorted() == Array(1...count), "seed \(random.seed)")
    for (parent, share) in zip(merge.parents, merge.shares) {
      #expect(abs(share - shares[parent - 1] / total) < 0.02, "seed \(random.seed)")
    }
  }

  /// Distances over different tensors make no geometry: b lacks a map, and so seems nearer to everybody.
  @Test func modelsThatShareOtherTensorsAreNotPutTogether() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(8192)
    let (a, b) = (random.trained(base, by: 0.1), random.trained(base, by: 0.1))
    var tensors = Synthetic(linear: [base, a, b, random.trained(a, by: 0.1)], maps: 4).tensors
    for map in 1..<4 { tensors[map].weights[2] = nil }
    #expect(try solve(Synthetic(tensors).sums, models: 4).merges.isEmpty, "seed \(random.seed)")
  }

  @Test func trainedModelsAreNoMerges() throws {
    var random = Seeded.fresh()
    for _ in 0..<5 {
      let trained = models(&random) { _, a, _ in a }.dropLast()
      let found = try solve(Synthetic(linear: Array(trained), maps: 4).sums, models: 4)
      #expect(found.merges.isEmpty, "seed \(random.seed)")
    }
  }

  @Test func thePublishedRulesKnowNone() throws {
    var random = Seeded.fresh()
    let models = models(&random) { _, a, b in Self.combine([(0.5, a), (0.5, b)]) }
    for options in [LineageOptions(stage: .specialization), LineageOptions(metric: .l2)] {
      #expect(try solve(Synthetic(linear: models).sums, models: 5, options: options).merges.isEmpty)
    }
  }
}
