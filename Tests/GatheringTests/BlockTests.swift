import Checkpoints
import Compute
import Core
import Gathering
import Lineage
import Planning
import Storage
import System
import TestSupport
import Testing
import Wire

/// A tensor that is compared block by block is the one that all pairs give, but for the pairs that no block has.
struct BlockTests {
  private static let blocks = [[0, 1, 2, 3], [2, 3, 4, 5], [0, 3, 5, 6]]
  private let folder: TemporaryFolder
  private let models: [ModelRecord]

  init() throws {
    folder = try TemporaryFolder()
    var random = SeededRandom(3)
    let base = [
      TestTensor.random("model.layers.0.mlp.up_proj.weight", .f32, [96, 80], using: &random),
      TestTensor.random("model.embed_tokens.weight", .f32, [300, 8], using: &random),
    ]
    models = try Models.make(
      (0..<7).map { model in
        let own = base.map { tensor in
          TestTensor(
            tensor.name, .f32, tensor.shape, tensor.values.map { $0 + 0.01 * Double(model) * random.nextWeight() })
        }
        // One model lacks a tensor, and in the last block three are left.
        return model == 5 ? Array(own.prefix(1)) : own
      }, in: folder)
  }

  private func plan(_ blocks: [[Int]]?) -> Plan {
    let cover = blocks.map { PairCover(blocks: $0, estimates: PairEstimates(SquareMatrix(models.count))) }
    return Plan(models: models, statistics: [.l1, .max, .extremes], covers: cover.map { [0: $0] } ?? [:])
  }

  private func gather(_ plan: Plan) throws -> [TensorSums] {
    var partials: [ShardID: [UInt8]] = [:]
    for shard in plan.shards {
      let tensor = plan.tensors[shard.tensor]
      let assignment = CoordinatorMessage.Assignment(
        run: "", shard: shard.id, attempt: 1, shape: tensor.shape, coordinates: shard.coordinates,
        statistics: tensor.statistics, samples: shard.samples, spectrum: shard.spectrum, sketch: tensor.sketch,
        sources: tensor.namesakes.map { .init(tensor: $0.name, models: $0.models) })
      let partial = try ShardStream.compute(
        assignment, stores: plan.models.map(\.store), library: StoreCache(), memoryBytes: 1 << 24)
      partials[shard.id] = PartialCodec.encode(try #require(partial))
    }
    let known = partials
    var tensors: [TensorSums] = []
    let statistics = TensorStatistics(plan) { id throws(Failure) in known[id] }
    try statistics.eachTensor { tensor throws(Failure) in tensors.append(tensor) }
    #expect(tensors.map(\.models) == statistics.models && tensors.map(\.role) == statistics.roles)
    return tensors
  }

  @Test func blocksGiveTheBitsOfAllPairs() throws {
    let (whole, parts) = (try gather(plan(nil)), try gather(plan(Self.blocks)))
    #expect(parts.map(\.name) == whole.map(\.name) && parts.map(\.models) == whole.map(\.models))
    for (part, all) in zip(parts, whole) {
      #expect(part.sums.moments == all.sums.moments && part.sums.bands == all.sums.bands)
      #expect(part.sums.samples == all.sums.samples && part.places.count == all.places.count)
      var compared = 0
      PairIndex(part.models.count).forEach { p, a, b in
        let (i, j) = (part.models[a], part.models[b])
        let isCovered = Self.blocks.contains { $0.contains(i) && $0.contains(j) }
        #expect(part.isCompared(p) == isCovered, "\(i) and \(j)")
        guard isCovered else { return }
        compared += 1
        for (own, other) in [
          (part.sums.l2, all.sums.l2), (part.sums.l1, all.sums.l1), (part.sums.max, all.sums.max),
          (part.sums.lowest, all.sums.lowest), (part.sums.highest, all.sums.highest),
          (part.sums.collinearRows, all.sums.collinearRows), (part.sums.logShrinkage, all.sums.logShrinkage),
        ] { #expect(own.isEmpty == other.isEmpty && (own.isEmpty || own[p] == other[p]), "\(i) and \(j)") }
      }
      // Every pair once, however many blocks have it.
      var visited = 0
      part.forEachPair { _, _, _ in visited += 1 }
      #expect(visited == compared && compared < PairIndex(part.models.count).count)
    }
  }

  @Test func thePlanSaysWhichTensorsAreOne() {
    let (whole, parts) = (plan(nil), plan(Self.blocks))
    #expect(whole.isWhole && !parts.isWhole)
    #expect(whole.wholes.map(\.blocks) == whole.tensors.indices.map { $0..<$0 + 1 })
    #expect(parts.tensors.map(\.models) == Self.blocks + [[0, 1, 2, 3], [2, 3, 4], [0, 3, 6]])
    #expect(parts.wholes.map(\.blocks) == [0..<3, 3..<6])
    #expect(parts.wholes.map(\.tensor.models) == whole.tensors.map(\.models))
    #expect(parts.section(0).wholes.map(\.tensor.models) == whole.tensors.map(\.models))
    #expect(parts.journalBytes > 0 && parts.coordinatorBytes >= whole.coordinatorBytes / 2)
    // Other blocks are another run.
    let others = plan([[0, 1, 2, 3, 4], [0, 3, 5, 6]])
    let prints = [whole, parts, others].map { RunIdentity(plan: $0, statistics: [], samples: []).text }
    #expect(Set(prints).count == 3)
    #expect(prints[1] == RunIdentity(plan: plan(Self.blocks), statistics: [], samples: []).text)
    // Two tensors of two sections are two, though both are the first of theirs.
    let cover = PairCover(blocks: [[0, 1], [1, 2]], estimates: PairEstimates(SquareMatrix(3)))
    let two = Plan(
      models: models, statistics: [], sections: [[0, 1, 2], [3, 4, 6]], covers: [0: cover, 1: cover])
    #expect(two.wholes.map(\.tensor.models) == [[0, 1, 2], [0, 1, 2], [3, 4, 6], [3, 4, 6]])
    #expect(two.section(1).wholes.map(\.tensor.models) == [[0, 1, 2], [0, 1, 2]])
  }
}
