import Core
import Lineage
import System
import TestSeed
import Testing

/// What the rows of a table of tokens tell beside the linear maps.
@Suite struct TokenTests {
  /// A parent and two children that took the same first steps: the second is nearer to the first child
  /// than to the parent.
  private func twins(_ random: inout Seeded) -> [[Double]] {
    let parent = random.trainedWeights(8192)
    let first = random.trained(parent, by: 0.06)
    return [parent, first, random.trained(first, by: 0.06)]
  }

  /// A table of 256 tokens; `untouched[p]` rows are collinear between the models of pair p.
  private func table(_ untouched: [Double], moved: Bool = true) throws -> TensorSums {
    var sums = Partial(PartialSchema(models: 3, statistics: .shrinkage))
    sums.l2 = untouched.map { _ in moved ? 1 : 0 }
    sums.collinearRows = untouched
    sums.moments = (0..<3).map { _ in
      Moments(count: 4096, mean: 0, m2: 100, m3: 0, m4: 1, minimum: -1, maximum: 1, zeros: 0, notFinite: 0)
    }
    return TensorSums(
      name: "model.embed_tokens.weight", role: .embedding, part: .tokens,
      shape: try #require(TensorShape([256, 16])), models: [0, 1, 2], sums: sums)
  }

  @Test func withoutATableTheNearerTwinIsTheParent() throws {
    var random = Seeded.fresh()
    let holds = try random.mostly { random in
      try solve(Synthetic(linear: twins(&random), maps: 4).sums, models: 3).parents == [nil, 0, 1]
    }
    #expect(holds, "seed \(random.seed)")
  }

  /// Pairs (0,1) (0,2) (1,2): each child touched rows that the other did not, so between the two more
  /// rows were trained than between each and the parent.
  @Test func rowsThatOnlyOneOfThemTouchedMakeThemSiblings() throws {
    var random = Seeded.fresh()
    let sums = Synthetic(linear: twins(&random), maps: 4).sums + [try table([150, 140, 120])]
    let found = try solve(sums, models: 3)
    #expect(found.parents == [nil, 0, 0], "seed \(random.seed)")
    #expect(found.distances[1, 2] < found.distances[0, 2], "the distance alone says otherwise")
  }

  @Test func moreTouchedRowsAlongThePathKeepTheChain() throws {
    var random = Seeded.fresh()
    let sums = Synthetic(linear: twins(&random), maps: 4).sums + [try table([150, 120, 140])]
    #expect(try solve(sums, models: 3).parents == [nil, 0, 1], "seed \(random.seed)")
  }

  @Test func aTableThatDidNotMoveSaysNothing() throws {
    var random = Seeded.fresh()
    let sums = Synthetic(linear: twins(&random), maps: 4).sums
    let with = try solve(sums + [try table([256, 256, 256], moved: false)], models: 3)
    #expect(with.parents == (try solve(sums, models: 3)).parents, "seed \(random.seed)")
  }
}
