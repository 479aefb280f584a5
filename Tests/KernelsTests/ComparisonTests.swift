import Core
import Foundation
import Kernels
import System
import TestSeed
import Testing

/// The sums against plain sums of doubles; `InstructionSetTests` runs this suite once per
/// instruction set.
@Suite struct ComparisonTests {
  static let modelCounts = [2, 3, 4, 5, 7, 9, 17, 33]
  static let coordinateCounts = [1, 2, 15, 16, 17, 1023, 1024, 1025, 5000]
  static let mixtures: [[ElementType]] = [
    [.f32], [.f16], [.bf16], [.f64], [.f32, .bf16], [.f16, .f32, .bf16], ElementType.allCases,
    [.f64, .bf16],
  ]

  static func models(_ n: Int, _ count: Int, _ types: [ElementType], _ random: inout Seeded) -> [Weights] {
    (0..<n).map { i in
      let values = (0..<count).map { _ in 0.02 * random.normal() }
      return Weights(values, types[i % types.count], offset: Int.random(in: 0...17, using: &random))
    }
  }

  @Test func theInstructionSetIsTheOneAskedFor() {
    let wanted = ProcessInfo.processInfo.environment["MODELTREE_ISA"]
    print("instruction set \(ShardAccumulator.instructionSet)")
    if let wanted { #expect(ShardAccumulator.instructionSet == wanted) }
  }

  @Test(arguments: mixtures)
  func squaredDistancesMatchPlainSums(types: [ElementType]) {
    var random = Seeded.fresh()
    for n in Self.modelCounts {
      for count in Self.coordinateCounts {
        let models = Self.models(n, count, types, &random)
        let error = worstError(accumulate(models).l2, BruteForce(models).l2)
        let bound = types.contains(.f64) && n >= types.count ? 1e-12 : 1e-6
        #expect(error < bound, "n \(n), \(count) coordinates, \(types), seed \(random.seed)")
      }
    }
  }

  @Test(arguments: mixtures)
  func absoluteAndLargestDifferencesMatchPlainSums(types: [ElementType]) {
    var random = Seeded.fresh()
    for n in [2, 3, 5, 9] {
      for count in Self.coordinateCounts {
        let models = Self.models(n, count, types, &random)
        let expected = BruteForce(models)
        let both = accumulate(models, statistics: [.l1, .max])
        let note: Comment = "n \(n), \(count) coordinates, \(types), seed \(random.seed)"
        #expect(worstError(both.l2, expected.l2) < 1e-6, note)
        #expect(worstError(both.l1, expected.l1) < 1e-6, note)
        #expect(worstError(both.max, expected.max) < 1e-6, note)
        let l1 = accumulate(models, statistics: .l1)
        #expect(l1.l1 == both.l1 && l1.l2 == both.l2 && l1.max.isEmpty, note)
        let max = accumulate(models, statistics: .max)
        #expect(max.max == both.max && max.l2 == both.l2 && max.l1.isEmpty, note)
      }
    }
  }

  /// Parents and children differ by a trifle of their norm, and five families that do not know
  /// each other are compared in one shard: no pair may lose digits.
  @Test(arguments: [ElementType.f32, .bf16, .f16], [5000, 100_000])
  func nearlyIdenticalModelsKeepSixDigits(type: ElementType, count: Int) {
    var random = Seeded.fresh()
    var models: [Weights] = []
    for _ in 0..<5 {
      let base = (0..<count).map { _ in 0.02 * random.normal() }
      models.append(Weights(base, type))
      for relative in [1e-2, 1e-3, 1e-4] {
        models.append(Weights(base.map { $0 + 0.02 * relative * random.normal() }, type))
      }
    }
    let expected = BruteForce(models)
    let found = accumulate(models)
    #expect(worstError(found.l2, expected.l2) < 1e-6, "seed \(random.seed)")
    #expect(found.l2.allSatisfy { $0 >= 0 })
    let norms = accumulate(models, statistics: [.l1, .max])
    #expect(worstError(norms.l2, expected.l2) < 1e-6, "seed \(random.seed)")
    #expect(worstError(norms.l1, expected.l1) < 1e-6, "seed \(random.seed)")
    #expect(worstError(norms.max, expected.max) < 1e-6, "seed \(random.seed)")
  }

  /// A common offset far above the differences is where expanded squares break down.
  @Test func aLargeCommonMeanDoesNoHarm() {
    var random = Seeded.fresh()
    let base = (0..<5000).map { _ in 100 + 0.01 * random.normal() }
    let models = (0..<9).map { _ in Weights(base.map { $0 + 0.001 * random.normal() }, .f32) }
    #expect(worstError(accumulate(models).l2, BruteForce(models).l2) < 1e-6, "seed \(random.seed)")
  }

  @Test(arguments: ElementType.allCases)
  func identicalModelsAreExactlyZeroApart(type: ElementType) {
    var random = Seeded.fresh()
    for count in Self.coordinateCounts {
      let values = (0..<count).map { _ in random.normal() }
      let models = (0..<6).map { Weights(values, type, offset: $0) }
      let partial = accumulate(models, statistics: [.l1, .max])
      #expect(partial.l2.allSatisfy { $0 == 0 })
      #expect(partial.l1.allSatisfy { $0 == 0 })
      #expect(partial.max.allSatisfy { $0 == 0 })
      #expect(accumulate(models).l2.allSatisfy { $0 == 0 })
      #expect(Set(partial.moments.map { "\($0)" }).count == 1)
    }
  }

  /// Widening is exact, so equal values in different types are 0 apart too.
  @Test func theSameValuesInEveryTypeAreZeroApart() {
    var random = Seeded.fresh()
    let values = (0..<3000).map { _ in Double(Int.random(in: -128...128, using: &random)) / 64 }
    let models = ElementType.allCases.map { Weights(values, $0) }
    #expect(accumulate(models).l2.allSatisfy { $0 == 0 })
    #expect(accumulate(models.filter { $0.type != .f64 }).l2.allSatisfy { $0 == 0 })
  }

  @Test(arguments: mixtures)
  func momentsMatchTwoPassesOverTheDoubles(types: [ElementType]) {
    var random = Seeded.fresh()
    for count in Self.coordinateCounts {
      for model in Self.models(types.count + 1, count, types, &random) {
        var values = model.values
        if count > 20 { values[count / 2] = 0 }
        let zeroed = Weights(values, model.type, offset: 3)
        let m = accumulate([zeroed], columns: count).moments[0]
        let n = Double(count)
        let mean = zeroed.values.reduce(0, +) / n
        func central(_ power: Int) -> Double {
          zeroed.values.reduce(0) { sum, value in
            sum + (0..<power).reduce(1.0) { product, _ in product * (value - mean) }
          }
        }
        let scale = (central(2) / n).squareRoot()
        let note: Comment = "\(count) coordinates, \(types), seed \(random.seed)"
        #expect(m.count == n, note)
        #expect(abs(m.mean - mean) <= 1e-12 * (scale + abs(mean)), note)
        // Of few weights that are nearly equal, the mean's own rounding is what is left.
        let slip = 1e-15 * abs(mean)
        let rounding = 2 * slip * (n * central(2)).squareRoot() + n * slip * slip
        #expect(abs(m.m2 - central(2)) <= 1e-11 * central(2) + rounding, note)
        #expect(abs(m.m3 - central(3)) <= 1e-6 * n * scale * scale * scale, note)
        #expect(abs(m.m4 - central(4)) <= 1e-6 * central(4), note)
        #expect(m.minimum == zeroed.values.min(), note)
        #expect(m.maximum == zeroed.values.max(), note)
        #expect(m.zeros == UInt64(zeroed.values.count { $0 == 0 }), note)
        #expect(m.notFinite == 0, note)
      }
    }
  }

  @Test(arguments: mixtures, [Statistics(), [.l1, .max], .shrinkage])
  func cuttingIntoBlocksChangesNoBit(types: [ElementType], statistics: Statistics) {
    var random = Seeded.fresh()
    let columns = 48
    let models = Self.models(7, 240 * columns, types, &random)
    let whole = accumulate(models, columns: columns, statistics: statistics)
    let quantum = ShardGeometry.quantum(columns: columns, statistics: statistics)
    for _ in 0..<10 {
      var blocks: [Int] = []
      var rest = 240 * columns
      while rest > 0 {
        blocks.append(min(rest, quantum * Int.random(in: 1...5, using: &random)))
        rest -= blocks[blocks.count - 1]
      }
      let cut = accumulate(models, columns: columns, statistics: statistics, blocks: blocks)
      #expect(cut == whole, "\(blocks), seed \(random.seed)")
    }
  }

  @Test func theOtherModelsChangeNoBitOfAPair() {
    var random = Seeded.fresh()
    let models = Self.models(33, 3000, [.f32, .bf16], &random)
    let all = accumulate(models)
    for _ in 0..<30 {
      let i = Int.random(in: 0..<32, using: &random)
      let j = Int.random(in: (i + 1)..<33, using: &random)
      let alone = accumulate([models[i], models[j]])
      #expect(all.l2[PairIndex(33)(i, j)] == alone.l2[0], "\(i) \(j), seed \(random.seed)")
      #expect(all.moments[j] == alone.moments[1])
    }
  }

  @Test(arguments: ElementType.allCases, [Double.nan, .infinity, -.infinity])
  func oddWeightsAreCountedAndSpoilOnlyTheirModel(type: ElementType, odd: Double) {
    var random = Seeded.fresh()
    for count in [1, 17, 1024, 1030] {
      for place in Set([0, count / 2, count - 1]) {
        var models = Self.models(6, count, [type], &random)
        var values = models[2].values
        values[place] = odd
        models[2] = Weights(values, type)
        for statistics in [Statistics(), [.l1, .max]] {
          let partial = accumulate(models, statistics: statistics)
          #expect(partial.moments.map(\.notFinite) == [0, 0, 1, 0, 0, 0])
          PairIndex(6).forEach { p, i, j in
            let spoilt = i == 2 || j == 2
            #expect(partial.l2[p].isFinite != spoilt, "\(i) \(j) of \(count), at \(place)")
            if odd.isNaN { #expect(partial.l2[p].isNaN == spoilt) }
            if !partial.l1.isEmpty { #expect(partial.l1[p].isFinite != spoilt) }
          }
          for (i, moments) in partial.moments.enumerated() where i != 2 {
            #expect(moments.mean.isFinite && moments.m4.isFinite)
          }
        }
      }
    }
  }

  @Test func twoModelsWithTheSameInfinityAreNotEqual() {
    let models = [Weights([1, .infinity], .f32), Weights([1, .infinity], .f32)]
    #expect(accumulate(models).l2[0].isNaN)
  }

  @Test func everyOddWeightIsCounted() {
    let values: [Double] = (0..<2500).map { $0 % 3 == 0 ? .nan : $0 % 3 == 1 ? .infinity : 0 }
    for type in ElementType.allCases {
      let moments = accumulate([Weights(values, type), Weights(values, type)]).moments[0]
      #expect(moments.notFinite == 1667)
      #expect(moments.zeros == 833)
    }
  }
}
