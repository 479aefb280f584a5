import Checkpoints
import Core
import Planning
import Storage
import System
import TestSeed
import Testing

/// What of an old plan serves a new one where models are in several sections.
struct PlanOutlineTests {
  private static let tensors = [("layer.0.weight", [64, 32]), ("layer.1.weight", [32, 32])]

  /// A plan of neighborhoods, as somebody draws them.
  private func plan(_ ids: [Int], blocks: [(own: [Int], guests: [Int])]) -> Plan {
    let cover = PairCover(
      blocks: blocks.map { PairCover.Block(own: $0.own, guests: $0.guests) }, nearest: 1, pairs: 0, leftOut: [:],
      compared: [:])
    return Plan(models: ids.map { record("m\($0)", Self.tensors) }, statistics: [], sections: [], covers: [cover])
  }

  private func randomPlan(_ ids: [Int], _ random: inout Seeded) -> Plan {
    let count = Int.random(in: 2...3, using: &random)
    let homes = ids.indices.map { $0 < count ? $0 : Int.random(in: 0..<count, using: &random) }
    return plan(
      ids,
      blocks: (0..<count).map { block in
        let own = ids.indices.filter { homes[$0] == block }
        let others = ids.indices.filter { homes[$0] != block && Bool.random(using: &random) }
        // One model alone shares nothing.
        return (own, own.count + others.count < 2 ? ids.indices.filter { homes[$0] != block } : others)
      })
  }

  @Test func everySectionHasItsOwnTensorsAndShards() {
    var random = Seeded.fresh()
    for _ in 0..<20 {
      let plan = randomPlan(Array(0..<Int.random(in: 4...9, using: &random)), &random)
      #expect(plan.covers.map(\.sections) == [0..<plan.sections.count], "seed \(random.seed)")
      var shards: [ShardID] = []
      for number in plan.sections.indices {
        let section = plan.section(number)
        let members = plan.sections[number].map { plan.models[$0].id }
        #expect(section.models.map(\.id) == members && section.isWhole && section.covers.isEmpty)
        #expect(section.tensors.count == 2 && section.tensors.allSatisfy { $0.models == Array(members.indices) })
        for tensor in section.tensors {
          // Places are those of the section's models.
          #expect(tensor.copies.allSatisfy { section.models[$0.model].tensors.map(\.name).contains($0.name) })
        }
        shards += section.shards.map(\.id)
        #expect(plan.finished(Set(section.shards.map(\.id))).section(number).tensors == section.tensors)
      }
      #expect(shards == plan.shards.map(\.id), "seed \(random.seed)")
    }
  }

  @Test func aShardServesTheSameModelsInAnySection() throws {
    var random = Seeded.fresh()
    for _ in 0..<40 {
      let ids = Array(0..<Int.random(in: 4...9, using: &random))
      let old = randomPlan(ids, &random)
      let outline = PlanOutline(old)
      // Of the same plan everything serves.
      #expect(Set(outline.reuses(for: old).map(\.shard)) == Set(old.shards.map(\.id)), "seed \(random.seed)")
      let new = randomPlan(ids.filter { _ in Int.random(in: 0..<5, using: &random) > 0 } + [20], &random)
      let reuses = Dictionary(uniqueKeysWithValues: outline.reuses(for: new).map { ($0.shard, $0) })
      for shard in new.shards {
        let wanted = new.tensors[shard.tensor].copies.map { new.models[$0.model].id }
        let name = new.tensors[shard.tensor].name
        // By brute force: is there an old tensor of that name with all of them?
        let holders = old.tensors.filter { tensor in
          tensor.name == name && wanted.allSatisfy { tensor.models.map { old.models[$0].id }.contains($0) }
        }
        #expect((reuses[shard.id] != nil) == !holders.isEmpty, "seed \(random.seed)")
        guard let reuse = reuses[shard.id], let former = old.shards.first(where: { $0.id == reuse.old }) else {
          continue
        }
        let kept = old.tensors[former.tensor].models.map { old.models[$0].id }
        #expect(reuse.places.map { kept[$0] } == wanted && reuse.held.models == kept.count, "seed \(random.seed)")
      }
    }
  }

  @Test func otherGuestsAreAnotherRun() {
    func identity(_ plan: Plan) -> RunIdentity {
      RunIdentity(plan: plan, statistics: [], samples: plan.models.map(\.id))
    }
    let one = plan([0, 1, 2, 3], blocks: [([0, 1], [2]), ([2, 3], [1])])
    let same = plan([0, 1, 2, 3], blocks: [([0, 1], [2]), ([2, 3], [1])])
    // The same sections, with another model at home.
    let other = plan([0, 1, 2, 3], blocks: [([0, 1, 2], []), ([3], [1, 2])])
    #expect(identity(one) == identity(same))
    #expect(identity(one).parts["sections"] != identity(other).parts["sections"])
  }
}
