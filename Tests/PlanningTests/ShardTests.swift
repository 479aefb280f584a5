import Checkpoints
import Core
import Planning
import System
import Testing

/// How a plan is cut, and what it will cost.
struct ShardTests {
  private static let shapes: [[Int]] = [
    [3 * ShardGeometry.target + 1], [ShardGeometry.target], [1], [], [5000, 1000],
    [3, ShardGeometry.target + 5], [2, 3, 4, 5], [ShardGeometry.target / 2 + 1, 2], [1 << 20, 7],
  ]

  private func plan(_ count: Int = 2, statistics: Statistics = []) -> Plan {
    let tensors = Self.shapes.enumerated().map { ("layer.\($0).weight", $1) }
    return Plan(models: (0..<count).map { record("m\($0)", tensors) }, statistics: statistics)
  }

  @Test func shardsCoverEveryTensorExactlyOnce() {
    let plan = plan()
    #expect(plan.tensors.count == Self.shapes.count)
    #expect(plan.shards.map(\.id.value) == Array(0..<plan.shards.count))
    for (index, tensor) in plan.tensors.enumerated() {
      var next = 0
      for shard in plan.shards where shard.tensor == index {
        #expect(shard.coordinates.lowerBound == next)
        #expect(!shard.coordinates.isEmpty && shard.coordinates.count <= ShardGeometry.target)
        next = shard.coordinates.upperBound
      }
      #expect(next == tensor.shape.elements, "\(tensor.shape)")
    }
  }

  @Test func matricesAreCutBetweenRows() {
    let plan = plan()
    for shard in plan.shards {
      let shape = plan.tensors[shard.tensor].shape
      guard shape.rank >= 2, shape.columns <= ShardGeometry.target else { continue }
      #expect(shard.coordinates.lowerBound % shape.columns == 0)
      #expect(shard.coordinates.upperBound % shape.columns == 0)
    }
  }

  @Test func samePlanComesOutAgain() {
    let (first, second) = (plan(5), plan(5))
    #expect(first.shards == second.shards)
    #expect(first.tensors == second.tensors)
    #expect(first.notes == second.notes)
    #expect(
      RunIdentity(plan: first, statistics: [], samples: []).text
        == RunIdentity(plan: second, statistics: [], samples: []).text)
  }

  @Test func tensorsFollowTheOrderOfTheFirstModelThatHasThem() {
    let plan = Plan(
      models: [
        record("a", [("z", [2, 2]), ("a", [2, 2])]),
        record("b", [("a", [2, 2]), ("n", [2, 2]), ("z", [2, 2])]),
        record("c", [("n", [2, 2])]),
      ], statistics: [])
    #expect(plan.tensors.map(\.name) == ["z", "a", "n"])
  }

  @Test func bytesAreThoseThatWillBeRead() {
    let plan = Plan(
      models: [
        record("a", [("w", [10, 10]), ("only", [7])], type: .f32), record("b", [("w", [10, 10])], type: .f16),
        record("c", [("w", [10, 10])], type: .f64),
      ], statistics: [])
    #expect(plan.bytes == 100 * (4 + 2 + 8))
    #expect(plan.storedBytes == plan.bytes + 28)
    #expect(plan.pairCoordinates == 300)
  }

  @Test func memoryIsTheNeedOfTheMostDemandingShard() {
    let plan = Plan(
      models: (0..<4).map { record("m\($0)", [("w", [10, 10]), ("wte", [50, 3000])], type: .f32) },
      statistics: .l1)
    // The embedding: 6 pairs of 5 sums, two answers of 4; packed runs of 4 models, three blocks of one row.
    let sums = 6 * (5 + 2 * 4) * 8
    let runs = 4 * ((2 * 1024 + 16) * 8 + 3 * 64)
    #expect(plan.minimumWorkerBytes == sums + runs + 3 * 16 * 3000)
    // The linear map: 6 pairs of 2 sums, and a submatrix of each model.
    let largest = 8 * 6 * 2 + 4 * MemoryLayout<Moments>.stride + 4 * 4 * 10 * 10
    #expect(plan.coordinatorBytes >= largest + 8 * 16 * 10)
    #expect(plan.coordinatorBytes < 4 * largest + 8 * 16 * 40)
  }

  /// The coordinator holds one tensor at a time: how many there are does not matter.
  @Test func theCoordinatorsNeedDoesNotGrowWithTheTensors() {
    func need(_ tensors: Int, _ models: Int) -> Int {
      let names = (0..<tensors).map { ("norm.\($0)", [1000]) }
      return Plan(models: (0..<models).map { record("m\($0)", names) }, statistics: []).coordinatorBytes
    }
    #expect(need(500, 6) == need(1, 6))
    #expect(need(1, 60) > 90 * need(1, 6) / 2)
  }

  /// However many and small the linear maps are, what is kept of a model stays at a few megabytes.
  @Test func manyLinearMapsAreSampledHereAndThere() {
    let tensors = (0..<1000).map { ("layers.\($0).attn.weight", [64, 64]) }
    let plan = Plan(models: (0..<2).map { record("m\($0)", tensors) }, statistics: [])
    #expect(plan.tensors.count { $0.role == .linear } == 1000)
    #expect(plan.tensors.reduce(0) { $0 + $1.samples } == 250)
    #expect(plan.tensors[0].samples == 1 && plan.tensors[3].samples == 0 && plan.tensors[4].samples == 1)
    #expect(plan.shards.map(\.samples) == plan.tensors.map(\.samples))
  }

  @Test func timeIsTheSlowerOfReadingAndComputing() {
    let plan = Plan(
      models: (0..<3).map { record("m\($0)", [("w", [1000, 1000])]) }, statistics: [])
    #expect(plan.seconds(workers: 1, bytesPerSecond: 1e6, pairsPerSecond: 1e9) == 12)
    #expect(plan.seconds(workers: 1, bytesPerSecond: 1e9, pairsPerSecond: 1e6) == 3)
    #expect(plan.seconds(workers: 3, bytesPerSecond: 1e9, pairsPerSecond: 1e6) == 1)
  }

  @Test func planOfModelsThatShareNothingIsEmpty() {
    let plan = Plan(models: [record("a", [("x", [1])]), record("b", [("y", [1])])], statistics: [])
    #expect(plan.shards.isEmpty && plan.tensors.isEmpty)
    #expect(plan.bytes == 0 && plan.minimumWorkerBytes == 0)
  }
}
