import Core
import Foundation
import Lineage
import System
import TestPrograms
import TestSeed
import Testing

/// Labels 0, 1, ... by first appearance, so that partitions compare.
func numbered(_ labels: [Int]) -> [Int] {
  var seen: [Int] = []
  return labels.map { label in
    if let number = seen.firstIndex(of: label) { return number }
    seen.append(label)
    return seen.count - 1
  }
}

@Suite struct ConnectedFamiliesTests {
  @Test func relativesOfRelativesAreOneFamily() {
    let edges = [[0, 3], [3, 5], [1, 4]]
    let families = Families.connected(6) { i, j in edges.contains([min(i, j), max(i, j)]) }
    #expect(families == [0, 1, 2, 0, 1, 0])
  }

  @Test func strangersAreFamiliesOfTheirOwn() {
    #expect(Families.connected(4) { _, _ in false } == [0, 1, 2, 3])
    #expect(Families.connected(4) { _, _ in true } == [0, 0, 0, 0])
    #expect(Families.connected(0) { _, _ in true } == [])
  }
}

@Suite struct JoinedFamiliesTests {
  private func joined(_ families: [Int], _ edges: [[Int]]) -> [Int] {
    Families.joined(families) { i, j in edges.contains([min(i, j), max(i, j)]) }
  }

  @Test func aModelOfTwoOriginsComesToTheFamilyThatMoreOfItIsFrom() {
    // 6 goes with all of the first family and one of the second.
    #expect(joined([0, 0, 0, 1, 1, 1, 2], [[0, 6], [1, 6], [2, 6], [3, 6]]) == [0, 0, 0, 1, 1, 1, 0])
    #expect(joined([0, 0, 0, 1, 1, 1, 2], [[0, 6], [3, 6], [4, 6], [5, 6]]) == [0, 0, 0, 1, 1, 1, 1])
  }

  @Test func twoModelsOfTwoOriginsMakeNoRelatives() {
    #expect(joined([0, 0, 1, 1], [[1, 2]]) == [0, 0, 1, 1])
    #expect(joined([0, 0, 1, 1, 2], [[0, 4], [1, 4], [2, 4], [3, 4]]) == [0, 0, 1, 1, 0])
    #expect(joined([0, 1], [[0, 1]]) == [0, 0])
    #expect(joined([0, 1, 1], []) == [0, 1, 1])
  }
}

@Suite struct WardFamiliesTests {
  private static func symmetric(_ n: Int, _ value: (Int, Int) -> Double) -> SquareMatrix {
    var matrix = SquareMatrix(n)
    PairIndex(n).forEach { _, i, j in matrix.setBoth(i, j, value(i, j)) }
    return matrix
  }

  @Test func scipyFindsTheSamePartitions() throws {
    struct Case: Encodable {
      var distances: [[Double]]
      var counts: [Int]
    }
    var random = Seeded.fresh()
    var matrices: [SquareMatrix] = []
    for n in [2, 3, 4, 5, 8, 13, 24, 40] {
      // Any dissimilarities, then points of a plane, then well separated groups.
      let free = (0..<(n * n)).map { _ in Double.random(in: 0...1, using: &random) }
      matrices.append(Self.symmetric(n) { free[$0 * n + $1] })
      for spread in [0.0, 20] {
        let points = (0..<n).map { i in (random.normal() + spread * Double(i % 3), random.normal()) }
        matrices.append(
          Self.symmetric(n) { i, j in
            let (x, y) = (points[i].0 - points[j].0, points[i].1 - points[j].1)
            return (x * x + y * y).squareRoot()
          })
      }
    }
    let question = matrices.map { d in
      Case(
        distances: (0..<d.n).map { i in (0..<d.n).map { d[i, $0] } }, counts: Array(1...d.n))
    }
    let answers = try Oracle.ask("ward_partitions.py", question, [[[Int]]].self)
    try #require(answers.count == matrices.count)
    for (matrix, partitions) in zip(matrices, answers) {
      for (count, partition) in zip(1...matrix.n, partitions) {
        #expect(
          Families.ward(matrix, count: count) == numbered(partition),
          "n \(matrix.n), \(count) families, seed \(random.seed)")
      }
    }
  }

  @Test func theCountIsClamped() {
    let matrix = Self.symmetric(3) { Double($0 + $1) }
    #expect(Families.ward(matrix, count: 0) == [0, 0, 0])
    #expect(Families.ward(matrix, count: -5) == [0, 0, 0])
    #expect(Families.ward(matrix, count: 99) == [0, 1, 2])
    #expect(Families.ward(SquareMatrix(0), count: 2) == [])
    #expect(Families.ward(SquareMatrix(1), count: 2) == [0])
  }

  @Test func pairsWithoutADistanceAreFarApart() {
    // 0-1 and 2-3 are near; nothing is known between them.
    let matrix = Self.symmetric(4) { i, j in i / 2 == j / 2 ? 1 : .nan }
    #expect(Families.ward(matrix, count: 2) == [0, 0, 1, 1])
    #expect(Families.ward(SquareMatrix(3, filledWith: .nan), count: 3) == [0, 1, 2])
    #expect(Families.ward(SquareMatrix(3, filledWith: .nan), count: 1) == [0, 0, 0])
  }

  @Test func equalDistancesStillGiveTheCountAskedFor() {
    for count in 1...6 {
      let families = Families.ward(Self.symmetric(6) { _, _ in 1 }, count: count)
      #expect(Set(families).count == count)
      let same = Families.ward(SquareMatrix(6), count: count)
      #expect(Set(same).count == count)
    }
  }
}

@Suite struct RelatednessTests {
  @Test func strangersAreAboutOneAndRelativesFarBelow() {
    var random = Seeded.fresh()
    let base = random.weights(8192)
    let child = random.trained(base, by: 0.1)
    let stranger = random.weights(8192)
    let related = Relatedness(Synthetic(linear: [base, child, stranger]).sums, models: 3)
    #expect(abs(related.ratio[0, 1] - 0.01 / 2.01) < 1e-4, "seed \(random.seed)")
    #expect(abs(related.ratio[0, 2] - 1) < 0.08, "seed \(random.seed)")
    #expect(related.ratio[1, 0] == related.ratio[0, 1])
    #expect(related.ratio[2, 2] == 0)
    #expect(related.areRelated(0, 1) && related.areRelated(1, 0))
    #expect(!related.areRelated(0, 2) && !related.areRelated(2, 1))
    #expect(related.areRelated(2, 2))
  }

  /// The ratio of a model and a hundredth of it is that of strangers; the cosine is not.
  @Test func aRelativeThatDecayHasShortenedIsStillOne() {
    var random = Seeded.fresh()
    let base = random.weights(8192)
    let child = random.trained(base, by: 0.3).map { 0.01 * $0 }
    let stranger = random.weights(8192).map { 0.01 * $0 }
    let related = Relatedness(Synthetic(linear: [base, child, stranger]).sums, models: 3)
    #expect(1 - related.ratio[0, 1] < 0.03, "seed \(random.seed)")
    #expect(related.areRelated(0, 1), "seed \(random.seed)")
    #expect(!related.areRelated(0, 2) && !related.areRelated(1, 2), "seed \(random.seed)")
  }

  /// Two strangers with the same large mean are no relatives.
  @Test func aCommonMeanMakesNoRelatives() {
    var random = Seeded.fresh()
    let models = (0..<2).map { _ in random.weights(8192).map { $0 + 5 } }
    let related = Relatedness(Synthetic(linear: models).sums, models: 2)
    #expect(abs(related.ratio[0, 1] - 1) < 0.08, "seed \(random.seed)")
    #expect(!related.areRelated(0, 1))
  }

  @Test func aShiftOfAllWeightsKeepsRelatives() {
    var random = Seeded.fresh()
    let base = random.weights(8192)
    let related = Relatedness(Synthetic(linear: [base, base.map { $0 + 1 }]).sums, models: 2)
    #expect(abs(related.ratio[0, 1]) < 1e-6, "seed \(random.seed)")
    #expect(related.areRelated(0, 1))
  }

  @Test func fewWeightsProveNothing() {
    var random = Seeded.fresh()
    for _ in 0..<200 {
      let models = (0..<2).map { _ in random.weights(16) }
      let related = Relatedness(Synthetic(linear: models, maps: 1, columns: 4).sums, models: 2)
      #expect(!related.areRelated(0, 1), "seed \(random.seed)")
    }
  }

  @Test func modelsThatShareNothingHaveNoRatio() {
    let sums = Synthetic([
      .init(name: "a", role: .linear, extents: [2, 2], weights: [[1, 2, 3, 4], nil]),
      .init(name: "b", role: .linear, extents: [2, 2], weights: [nil, [1, 2, 3, 4]]),
    ]).sums
    let related = Relatedness(sums, models: 2)
    #expect(related.ratio[0, 1].isNaN)
    #expect(!related.areRelated(0, 1))
  }

  @Test func constantTensorsSayNothing() {
    let ones = Array(repeating: 1.0, count: 64)
    let sums = Synthetic(linear: [ones, ones], maps: 1, columns: 8).sums
    #expect(Relatedness(sums, models: 2).ratio[0, 1].isNaN)
  }

  /// One unit's profile that all strangers have, inputs of very different sizes, few directions: the cosine of such
  /// strangers is far above 1/sqrt(weights), and the probability still that of chance.
  @Test func sharedStructureMakesNoRelatives() {
    var random = Seeded.fresh()
    let (rows, columns, n) = (64, 48, 24)
    let profile = (0..<columns).map { _ in exp(random.normal()) }
    let direction = (0..<columns).map { _ in random.normal() }
    let models = (0..<n).map { _ in
      (0..<4).flatMap { _ in
        (0..<rows).flatMap { _ in
          let along = 2 * random.normal()
          return (0..<columns).map { (along * direction[$0] + random.normal()) * profile[$0] }
        }
      }
    }
    let related = Relatedness(Synthetic(linear: models, maps: 4, columns: columns).sums, models: n)
    var probabilities: [Double] = []
    PairIndex(n).forEach { _, i, j in
      probabilities.append(related.probability[i, j])
      #expect(!related.areRelated(i, j), "seed \(random.seed)")
    }
    // Kolmogorov and Smirnov: the largest distance from the uniform distribution.
    let sorted = probabilities.sorted()
    let count = Double(sorted.count)
    let apart = sorted.enumerated().map { abs($1 - (Double($0) + 0.5) / count) }.max() ?? 1
    #expect(apart < 2.2 / count.squareRoot(), "seed \(random.seed)")
  }

  @Test func aBorrowedPartMakesNoRelatives() {
    var random = Seeded.fresh()
    let (a, b) = (random.weights(8192), random.weights(8192))
    let chimera = a.enumerated().map { $0 < 2048 ? b[$0] : $1 }
    let related = Relatedness(Synthetic(linear: [a, b, chimera]).sums, models: 3)
    #expect(related.areRelated(0, 2) && !related.areRelated(1, 2) && !related.areRelated(0, 1), "seed \(random.seed)")
  }

  @Test func constantsThatStrangersShareProveNothing() {
    var random = Seeded.fresh()
    let basis = random.weights(8192)
    var sums = Synthetic(linear: [random.weights(1024), random.weights(1024)], maps: 2).sums
    var shared = Synthetic(linear: [basis, basis], maps: 1).sums[0]
    shared.part = .constant
    sums.append(shared)
    #expect(!Relatedness(sums, models: 2).areRelated(0, 1), "seed \(random.seed)")
    // Position numbers, whatever they are called.
    let positions = (0..<512).map(Double.init)
    let table = Synthetic.Tensor(name: "p", role: .vector, extents: [512], weights: [positions, positions])
    #expect(!Relatedness(Synthetic([table]).sums, models: 2).areRelated(0, 1))
  }

  @Test func vectorsThatAreEqualProveKinshipWhereNoMatrixIsShared() {
    var random = Seeded.fresh()
    let vectors = (0..<4).map { number in
      let weights = random.weights(64)
      return Synthetic.Tensor(
        name: "v\(number)", role: .vector, extents: [64], weights: [weights, weights, random.weights(64)])
    }
    let related = Relatedness(Synthetic(vectors).sums, models: 3)
    #expect(related.areRelated(0, 1) && !related.areRelated(0, 2), "seed \(random.seed)")
  }

  /// What is decided of two models does not depend on the others, not even where those share no linear map.
  @Test func bystandersChangeNothing() throws {
    var random = Seeded.fresh()
    let base = random.trainedWeights(4096)
    let family = [base, random.trained(base, by: 0.1), random.trained(base, by: 0.12)]
    let alone = try solve(Synthetic(linear: family).sums, models: 3)
    let nobody: [[Double]?] = [nil, nil, nil]
    let strangers: [[Double]?] = (0..<3).map { _ in random.weights(4096) }
    let others = Synthetic(linear: nobody + strangers).sums.map { tensor in
      var tensor = tensor
      tensor.name += "-of-others"
      return tensor
    }
    let among = try solve(Synthetic(linear: family.map { $0 } + nobody).sums + others, models: 6)
    #expect(Array(among.parents[..<3]) == alone.parents && Array(among.support[..<3]) == alone.support)
    #expect(among.distances.submatrix([0, 1, 2]).values == alone.distances.values)
    #expect(among.evidence.submatrix([0, 1, 2]).values == alone.evidence.values, "seed \(random.seed)")
  }

  @Test func embeddingsCountOnlyWhereThereIsNothingElse() {
    var random = Seeded.fresh()
    let (a, b) = (random.weights(1024), random.weights(1024))
    let table = Synthetic.Tensor(name: "wte", role: .embedding, extents: [64, 16], weights: [a, a])
    let map = Synthetic.Tensor(name: "h", role: .linear, extents: [64, 16], weights: [a, b])
    #expect(!Relatedness(Synthetic([table, map]).sums, models: 2).areRelated(0, 1))
    #expect(Relatedness(Synthetic([table]).sums, models: 2).areRelated(0, 1))
  }
}
