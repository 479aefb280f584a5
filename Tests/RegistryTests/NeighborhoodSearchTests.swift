import Core
import Lineage
import MadeFingerprints
import Registry
import TestSeed
import TestSupport
import Testing

/// Which pairs of a large family are compared? Against brute force.
@Suite struct NeighborhoodSearchTests {
  private typealias Search = NeighborhoodSearch

  /// Distances along a random tree, each a little off, as samples are.
  private func distances(_ n: Int, _ random: inout Seeded, unknown: Set<Int> = []) -> SquareMatrix {
    var squares = SquareMatrix(n)
    for model in 1..<n {
      let parent = Int.random(in: 0..<model, using: &random)
      let step = Double.random(in: 0.5...5, using: &random)
      for other in 0..<model { squares.setBoth(model, other, squares[parent, other] + step) }
    }
    PairIndex(n).forEach { _, i, j in
      let off = Seeded.exponential(0.01 * random.normal())
      let isKnown = !unknown.contains(i) && !unknown.contains(j)
      squares.setBoth(i, j, isKnown ? squares[i, j].squareRoot() * off : .nan)
    }
    return squares
  }

  private func near(_ model: Int, _ estimates: PairEstimates, _ count: Int) -> [Int] {
    let others = (0..<estimates.n).filter { $0 != model && !estimates[model, $0].isNaN }
    return Array(others.sorted { (estimates[model, $0], $0) < (estimates[model, $1], $1) }.prefix(count))
  }

  private func compared(_ cover: PairCover) -> Set<[Int]> {
    Set(
      cover.blocks.map(\.members).flatMap { block in block.flatMap { i in block.filter { $0 > i }.map { [i, $0] } } })
  }

  @Test func everyModelIsComparedWithItsNearest() throws {
    var random = Seeded.fresh()
    for _ in 0..<5 {
      let n = Int.random(in: 200...300, using: &random)
      let bounds = Search.Bounds(whole: 60, block: 20, nearest: 5)
      let estimates = PairEstimates(distances(n, &random))
      let found = try #require(Search(estimates: estimates, bounds: bounds).cover(), "seed \(random.seed)")
      let pairs = compared(found)
      #expect(found.pairs == pairs.count, "seed \(random.seed)")
      // Every model is at home in one block.
      #expect(found.blocks.flatMap(\.own).sorted() == Array(0..<n), "seed \(random.seed)")
      for block in found.blocks {
        #expect(block.own == block.own.sorted() && block.guests == block.guests.sorted(), "seed \(random.seed)")
        #expect(Set(block.own).isDisjoint(with: block.guests), "seed \(random.seed)")
      }
      // What brute force says of how many of its nearest each model is compared with, and which is the nearest of the others.
      func areCompared(_ model: Int, _ other: Int) -> Bool { pairs.contains([min(model, other), max(model, other)]) }
      var least = Int.max
      for model in 0..<n {
        let near = near(model, estimates, n)
        least = min(least, near.prefix(bounds.nearest).firstIndex { !areCompared(model, $0) } ?? bounds.nearest)
        let left = near.first { !areCompared(model, $0) }
        #expect(
          found.leftOut[model]
            == left.map { PairCover.Near(model: $0, distance: Double(estimates[model, $0])) }, "seed \(random.seed)")
        for other in found.compared[model] ?? [] {
          #expect(
            areCompared(model, other.model) && other.distance == Double(estimates[model, other.model]),
            "seed \(random.seed)")
        }
      }
      #expect(found.nearest == least && found.nearest > 0, "seed \(random.seed)")
      // All hang together, so that one tree can have them all.
      #expect(Families.connected(n, related: areCompared).allSatisfy { $0 == 0 }, "seed \(random.seed)")
      #expect(found == Search(estimates: estimates, bounds: bounds).cover())
    }
  }

  /// Without a bound on guests that matters, all of the nearest are compared.
  @Test func guestsAreTheNearestOfOtherBlocks() throws {
    var random = Seeded.fresh()
    let estimates = PairEstimates(distances(400, &random))
    let found = try #require(
      Search(estimates: estimates, bounds: .init(whole: 100, block: 60, nearest: 8)).cover(), "seed \(random.seed)")
    #expect(found.nearest == 8, "seed \(random.seed)")
  }

  /// Children of one model, all as far from it and from each other: guests are bounded, and the nearest come first.
  @Test func theParentOfAllIsComparedWithAll() throws {
    var random = Seeded.fresh()
    let (n, parent) = (300, Int.random(in: 0..<300, using: &random))
    var distances = SquareMatrix(n)
    PairIndex(n).forEach { _, i, j in
      let off = Double.random(in: 1...1.01, using: &random)
      distances.setBoth(i, j, off * (i == parent || j == parent ? 1 : 2.0.squareRoot()))
    }
    let bounds = Search.Bounds(whole: 60, block: 20, nearest: 12)
    let found = try #require(
      Search(estimates: PairEstimates(distances), bounds: bounds).cover(), "seed \(random.seed)")
    let pairs = compared(found)
    for model in 0..<n where model != parent {
      #expect(pairs.contains([min(model, parent), max(model, parent)]), "seed \(random.seed)")
    }
    #expect(found.blocks.allSatisfy { $0.members.count <= 2 * bounds.block }, "seed \(random.seed)")
  }

  @Test func modelsOfWhichNothingIsKnownAreComparedWithSomebody() throws {
    var random = Seeded.fresh()
    let estimates = PairEstimates(distances(250, &random, unknown: [0, 70, 149]))
    let found = Search(estimates: estimates, bounds: .init(whole: 60, block: 20, nearest: 5)).cover()
    let pairs = compared(try #require(found))
    for model in [0, 70, 149] { #expect(pairs.contains { $0.contains(model) }, "seed \(random.seed)") }
  }

  /// Where blocks are no less work, all pairs are compared.
  @Test func fewModelsAreComparedAsAWhole() throws {
    var random = Seeded.fresh()
    let few = PairEstimates(distances(30, &random))
    #expect(Search(estimates: few, bounds: .init(whole: 10, block: 20, nearest: 8)).cover() == nil)
    // All are as far from all others: every model has other nearest ones, and the guests of a block are many.
    var same = SquareMatrix(100, filledWith: 1)
    for model in 0..<100 { same[model, model] = 0 }
    PairIndex(100).forEach { _, i, j in same.setBoth(i, j, Double.random(in: 1...1.01, using: &random)) }
    #expect(Search(estimates: PairEstimates(same), bounds: .init(whole: 10, block: 40, nearest: 30)).cover() == nil)
  }

  @Test func distancesAreThoseOfTheFingerprints() throws {
    let folder = try TemporaryFolder()
    var made = MadeFingerprints(Seeded.fresh())
    made.layers = 1
    made.width = 64
    made.tokens = 300
    var models = [made.stranger()]
    for number in 1..<80 { models.append(made.child(of: models[number / 2], step: 0.05 + 0.001 * Double(number))) }
    let writer = try RegistryWriter(folder.at("known"))
    for (number, model) in models.enumerated() { try writer.add(MadeFingerprints.entry("m\(number)", model), model) }
    let known = try KnownModels(
      folder.at("known"),
      models.enumerated().map { .init(id: "m\($0)", files: MadeFingerprints.entry("m\($0)", $1).sources.map(\.file)) })
    let chosen = models.indices.filter { $0 != 7 }
    let found = try #require(
      try Search.run(known, chosen, bounds: .init(whole: 20, block: 8, nearest: 2)), "seed \(made.random.seed)")
    var sums = DistanceSums(.auto, models: chosen.count)
    for tensor in FingerprintSums.of(chosen.map { models[$0] }) where tensor.role == .linear {
      sums.add(TensorView(tensor))
    }
    let wanted = Search(estimates: PairEstimates(sums.matrix), bounds: .init(whole: 20, block: 8, nearest: 2)).cover()
    #expect(found == wanted?.renumbered { chosen[$0] }, "seed \(made.random.seed)")
    #expect(try Search.run(known, chosen, bounds: .init(whole: 79)) == nil)
  }
}
