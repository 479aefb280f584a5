import Checkpoints
import Compute
import Core
import System
import TestSupport
import Testing
import Wire

/// The sums of some models are the same bits whoever else is compared with them: what a run directory
/// keeps when models are added or removed rests on this.
@Suite struct SelectionTests {
  @Test(arguments: [[0, 1], [2, 5, 6], [0, 1, 2, 3, 4, 5, 6, 8], [3, 25], Array(1..<30)])
  func selectedSumsAreThoseOfTheSelectedModelsAlone(_ chosen: [Int]) throws {
    try check(chosen, types: [.f32, .bf16, .f16])
  }

  /// With a model in F64 all are compared as doubles: then some must be among the selected.
  @Test(arguments: [[0, 3], [2, 3, 5, 6], [3, 7], Array(1..<30)])
  func soAreThoseOfDoubles(_ chosen: [Int]) throws {
    try check(chosen, types: [.f32, .bf16, .f16, .f64])
  }

  private func check(_ chosen: [Int], types: [ElementType]) throws {
    let folder = try TemporaryFolder()
    var random = SeededRandom(11)
    let shape = [90, 70]
    let records = try Models.make(
      (0..<30).map { model in
        [TestTensor.random("w", types[model % types.count], shape, using: &random)]
      }, in: folder)
    let statistics: Statistics = [.l1, .max, .extremes, .shrinkage, .spectrum]
    func partial(_ models: [Int], samples: Int) throws -> Partial {
      let assignment = CoordinatorMessage.Assignment(
        run: "", shard: ShardID(0), attempt: 1, shape: try #require(TensorShape(shape)), coordinates: 0..<6300,
        statistics: statistics, samples: samples, spectrum: 64,
        sources: [.init(tensor: "w", models: Array(models.indices))])
      return try #require(
        try ShardStream.compute(
          assignment, stores: models.map { records[$0].store }, library: StoreCache(),
          memoryBytes: 1 << 28))
    }
    let all = try partial(Array(0..<30), samples: 3)
    let alone = try partial(chosen, samples: 2)
    let isSame = PartialCodec.encode(all.selecting(chosen, samples: 2)) == PartialCodec.encode(alone)
    #expect(isSame)
  }
}
