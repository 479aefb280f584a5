import Core
import Graph
import Lineage
import System
import TestSeed
import Testing

@Suite struct RelationPassTests {
  @Test func copiesEventsAndRanksNameTheRelationInThatOrder() throws {
    var random = Seeded.fresh()
    let side = 64
    let base = random.weights(side * side)
    let (left, right) = (random.weights(side), random.weights(side))
    let lora = base.indices.map { base[$0] + 40 * left[$0 / side] * right[$0 % side] }
    let full = random.trained(base, by: 0.2)
    let models = [base, lora, full, base, full]
    let sums = Synthetic([.init(name: "w", role: .linear, extents: [side, side], weights: models)]).sums
    let families = FamilyGroups(numbers: [0, 0, 0, 0, 0], duplicateOf: [nil, nil, nil, 0, nil])
    let events = Events(roundedFrom: [4: 0], merges: [[]], evidence: SquareMatrix(5))
    let trees = FamilyTrees(trees: [], parents: [nil, 0, 0, 0, 0], cost: SquareMatrix(5))
    let found = try RelationPass(Problem.of(models: 5)).run(
      sums, trees, families, events, ScaledCopies(rounding: Array(repeating: 0, count: 5)))
    #expect(
      found.relations == [nil, .lora(rank: 1), .finetune, .duplicate, .quantized], "seed \(random.seed)")
    #expect(found.rankEvidence == [nil, .sampled, nil, nil, nil])
  }
}
