import Core
import Lineage
import System
import TestSeed
import Testing

/// Models that are placed by tensors that they have in common bit for bit.
@Suite struct CopyAttachmentTests {
  /// Most tensors by number, few by weights.
  private func tower(_ weights: [[Double]?]) -> Synthetic { Synthetic(linear: weights, maps: 16) }

  private func others(_ weights: [[Double]?]) -> [Synthetic.Tensor] {
    var others = Synthetic(linear: weights, maps: 4).tensors
    for map in others.indices { others[map].name = "text.\(map).weight" }
    return others
  }

  @Test func whatTwoStrangersTookFromAThirdModelMakesNoRelatives() throws {
    for _ in 0..<4 {
      var random = Seeded.fresh()
      let common = random.trainedWeights(16_384)
      let size = Int.random(in: 3...6, using: &random) * 16_384
      let texts = (0..<3).map { _ in random.trainedWeights(size) }
      let tensors = tower([common, common, nil]).sums + Synthetic(others(texts)).sums
      let found = try solve(tensors, models: 3)
      #expect(Set(found.families).count == 3 && found.parents.allSatisfy { $0 == nil }, "seed \(random.seed)")
      #expect(found.components.count == 1, "seed \(random.seed)")
    }
  }

  /// Without a linear map in common, nothing speaks against what is equal.
  @Test func aModelWhoseMapsHaveOtherNamesIsPlacedByItsTables() throws {
    var random = Seeded.fresh()
    let tables = (0..<4).map { _ in random.weights(1024) }
    let common = tables.enumerated().map { number, table in
      Synthetic.Tensor(name: "table.\(number)", role: .embedding, extents: [64, 16], weights: [table, table, table])
    }
    let root = random.trainedWeights(8192)
    let own = Synthetic(linear: [root, random.trained(root, by: 0.1), nil]).sums
    let found = try solve(Synthetic(common).sums + own, models: 3)
    #expect(Set(found.families).count == 1 && found.parents[2] != nil, "seed \(random.seed)")
  }
}
