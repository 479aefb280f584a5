import Checkpoints
import Compute
import Core
import Gathering
import Lineage
import Planning
import Storage
import Synchronization
import System
import TestSupport
import Testing
import Wire

/// Partials are added up to what the whole tensor gives at once.
struct TensorStatisticsTests {
  private let folder: TemporaryFolder
  private let plan: Plan
  private let library = StoreCache()

  /// One tensor of three shards, one of one shard.
  init() throws {
    folder = try TemporaryFolder()
    let count = 2 * ShardGeometry.target + 5000
    func weights(_ seed: UInt64) -> [UInt8] {
      var random = SeededRandom(seed)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(2 * count)
      for _ in 0..<count / 4 + 1 {
        // Bit 14 cleared: finite halves below 2.
        withUnsafeBytes(of: random.next() & 0xbfff_bfff_bfff_bfff) { bytes.append(contentsOf: $0) }
      }
      return Array(bytes[..<(2 * count)])
    }
    let small = TestTensor("small", .f32, [2, 2], [1, 2, 3, 4])
    let records = try Models.make(
      [
        [TestTensor("large", "F16", [count], bytes: weights(1)), small],
        [TestTensor("large", "F16", [count], bytes: weights(2)), small],
      ], in: folder)
    plan = Plan(models: records, statistics: [.l1, .max])
  }

  /// All tensors at once; the program takes one at a time.
  private func gather(
    _ plan: Plan, _ partial: @escaping @Sendable (ShardID) throws(Failure) -> [UInt8]?
  ) throws(Failure) -> [TensorSums] {
    var tensors: [TensorSums] = []
    try TensorStatistics(plan, partial: partial).eachTensor { tensor throws(Failure) in tensors.append(tensor) }
    return tensors
  }

  private func partial(_ tensor: Int, _ coordinates: Range<Int>, samples: Int = 0) throws -> Partial {
    let planned = plan.tensors[tensor]
    let assignment = CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1, shape: planned.shape, coordinates: coordinates,
      statistics: planned.statistics, samples: samples,
      sources: [.init(tensor: planned.name, models: [0, 1])])
    return try #require(
      try ShardStream.compute(
        assignment, stores: plan.models.map(\.store), library: library, memoryBytes: 1 << 24))
  }

  private func encoded() throws -> [ShardID: [UInt8]] {
    var partials: [ShardID: [UInt8]] = [:]
    for shard in plan.shards {
      partials[shard.id] = PartialCodec.encode(
        try partial(shard.tensor, shard.coordinates, samples: shard.samples))
    }
    return partials
  }

  /// A journal is a stranger's: sums that no weights have are damage, though their checksum is right.
  @Test func sumsThatCannotBeAreNotTaken() throws {
    let partials = try encoded()
    let changes: [(inout Partial) -> Void] = [
      { $0.l2[0] = .nan }, { $0.l2[0] = -1 }, { $0.l1[0] = -.infinity }, { $0.max[0] = .nan },
      { $0.moments[0].count += 1 }, { $0.moments[1].notFinite = .max }, { $0.moments[1].zeros = .max },
      { $0.moments[0].minimum = .nan },
    ]
    for change in changes {
      for shard in plan.shards {
        var made = partials
        var bad = try PartialCodec.decode(try #require(made[shard.id]), as: plan.schema(of: shard))
        change(&bad)
        made[shard.id] = PartialCodec.encode(bad)
        let given = made
        let error = try #require(failure { _ = try gather(plan) { (id) throws(Failure) in given[id] } })
        #expect(error.kind == .badInput && error.message.contains("shard \(shard.id) "), "\(error)")
      }
    }
  }

  @Test func shardsAddUpToTheWholeTensor() throws {
    #expect(plan.shards.count == 4)
    let partials = try encoded()
    let gathered = try gather(plan) { (id) throws(Failure) in partials[id] }
    #expect(gathered.map(\.name) == ["large", "small"])
    #expect(gathered.map(\.models) == [[0, 1], [0, 1]])
    for (index, sums) in gathered.map(\.sums).enumerated() {
      let whole = try partial(index, 0..<plan.tensors[index].shape.elements)
      func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * abs(b) }
      #expect(close(sums.l2[0], whole.l2[0]))
      #expect(close(sums.l1[0], whole.l1[0]))
      #expect(sums.max == whole.max)
      for (a, b) in zip(sums.moments, whole.moments) {
        #expect(a.count == b.count && a.zeros == b.zeros)
        #expect(a.minimum == b.minimum && a.maximum == b.maximum)
        #expect(close(a.m2, b.m2))
        // Fourth powers are summed in float lanes.
        #expect(abs(a.m4 - b.m4) <= 1e-6 * b.m4)
        #expect(abs(a.mean - b.mean) < 1e-12)
      }
    }
  }

  @Test func partialsAreAskedForInTheOrderOfTheShards() throws {
    let partials = try encoded()
    let asked = Mutex<[Int]>([])
    let first = try gather(plan) { shard throws(Failure) in
      asked.withLock { $0.append(shard.value) }
      return partials[shard]
    }
    #expect(asked.withLock { $0 } == [0, 1, 2, 3])
    let second = try gather(plan) { (id) throws(Failure) in partials[id] }
    #expect(first.map(\.sums) == second.map(\.sums))
  }

  @Test func whatIsNotWantedIsNotReadAndWhoStopsIsHeard() throws {
    let partials = try encoded()
    let asked = Mutex<[Int]>([])
    let statistics = TensorStatistics(plan) { id throws(Failure) in
      asked.withLock { $0.append(id.value) }
      return partials[id]
    }
    var seen: [String] = []
    try statistics.eachTensor(where: { $0 == 1 }) { tensor throws(Failure) in seen.append(tensor.name) }
    #expect(seen == ["small"] && asked.withLock { $0 } == [3])
    try statistics.eachTensor(where: { _ in false }) { _ throws(Failure) in Issue.record("nothing was wanted") }
    #expect(asked.withLock { $0 } == [3])
    let error = try #require(
      failure {
        try statistics.eachTensor { _ throws(Failure) in throw .cannotWrite("enough") }
      })
    #expect(error.message == "enough")
  }

  @Test func missingPartialIsNamedAndResumable() throws {
    let partials = try encoded().filter { $0.key != ShardID(2) }
    let error = try #require(failure { _ = try gather(plan) { (id) throws(Failure) in partials[id] } })
    #expect(error.kind == .resumable)
    #expect(error.message.contains("shard 2 (tensor 'large') is not finished"))
  }

  @Test func damagedPartialIsNamed() throws {
    let partials = try encoded()
    let good = try #require(partials[ShardID(3)])
    var flipped = good
    flipped[20] ^= 1
    for bad in [flipped, Array(good.dropLast()), good + [0], []] {
      let damaged = partials.merging([ShardID(3): bad]) { $1 }
      let error = try #require(failure { _ = try gather(plan) { (id) throws(Failure) in damaged[id] } })
      #expect(error.kind == .badInput)
      #expect(error.message.contains("shard 3 (tensor 'small') is damaged"))
    }
  }

  @Test func failureOfTheJournalIsPassedOn() throws {
    let error = try #require(
      failure {
        _ = try gather(plan) { (_: ShardID) throws(Failure) -> [UInt8]? in
          throw .cannotWrite("the disk is gone")
        }
      })
    #expect(error.message == "the disk is gone")
  }
}
