import Checkpoints
import Compute
import Core
import Storage
import Synchronization
import System
import TestSupport
import Testing
import Wire

/// Shards of real stores against the sums made one by one.
struct ShardStreamTests {
  private static let everything: Statistics = [.l1, .max]
  private let folder: TemporaryFolder
  /// 21000 coordinates: twenty runs and a bit.
  private let shape = [300, 70]

  init() throws { folder = try TemporaryFolder() }

  /// A parent and its relatives, as close as training leaves them.
  private func relatives(_ types: [ElementType]) -> [TestTensor] {
    var random = SeededRandom(42)
    let parent = TestTensor.random("w", .f64, shape, using: &random).values
    return types.map { type in
      TestTensor("w", type, shape, parent.map { $0 == 0 ? 0 : $0 + 1e-2 * random.nextWeight() })
    }
  }

  private func assignment(
    _ coordinates: Range<Int>, models: Int, statistics: Statistics = everything, tensor: String = "w"
  ) throws -> CoordinatorMessage.Assignment {
    CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1, shape: try #require(TensorShape(shape)), coordinates: coordinates,
      statistics: statistics, sources: [.init(tensor: tensor, models: Array(0..<models))])
  }

  private func compute(
    _ assignment: CoordinatorMessage.Assignment, _ records: [ModelRecord], memory: Int = 1 << 30
  ) throws -> Partial {
    try #require(
      try ShardStream.compute(
        assignment, stores: records.map(\.store), library: StoreCache(), memoryBytes: memory))
  }

  @Test(
    arguments: [
      [ElementType.f32, .f32, .f32], [.bf16, .bf16], [.f16, .f16], [.f64, .f64], [.f32, .bf16, .f16],
      [.f64, .f32, .f16, .bf16],
    ], [ModelStoreWriter.Mode.external, .copy])
  func sumsAreTheOnesMadeOneByOne(_ types: [ElementType], _ mode: ModelStoreWriter.Mode) throws {
    let tensors = relatives(types)
    let pad = TestTensor("first", .f16, [3], [1, 2, 3])
    let records = try Models.make(tensors.map { [pad, $0] }, in: folder, mode: mode)
    for range in [0..<21000, 0..<70, 7000..<14070, 20930..<21000] {
      let partial = try compute(assignment(range, models: types.count), records)
      let expected = BruteForce(tensors.map { $0.values[range] })
      #expect(error(partial.l2, expected.l2) < 1e-6)
      #expect(error(partial.l1, expected.l1) < 1e-6)
      #expect(error(partial.max, expected.max) < 1e-6)
      for (found, right) in zip(partial.moments, expected.moments) {
        #expect(found.count == right.count)
        #expect(abs(found.mean - right.mean) < 1e-7)
        #expect(error([found.m2, found.m4], [right.m2, right.m4]) < 1e-6)
        #expect(error([found.m3], [right.m3], scale: right.m2) < 1e-6)
        #expect(found.minimum == right.minimum && found.maximum == right.maximum)
        #expect(found.zeros == right.zeros)
        #expect(found.notFinite == 0)
      }
    }
  }

  @Test func aPartOfTheRowsIsReadFromTablesOfAnySize() throws {
    let tensors = relatives([.f32, .bf16])
    let longer = TestTensor("w", .bf16, [310, 70], tensors[1].values + Array(repeating: 9, count: 700))
    let records = try Models.make([[tensors[0]], [longer]], in: folder)
    for first in [0, 100] {
      let rows = 300 - first
      let assignment = CoordinatorMessage.Assignment(
        run: "", shard: ShardID(0), attempt: 1, shape: try #require(TensorShape([rows, 70])), firstRow: first,
        coordinates: 0..<rows * 70, statistics: [], sources: [.init(tensor: "w", models: [0, 1])])
      let expected = BruteForce(tensors.map { $0.values[(first * 70)...] })
      #expect(error(try compute(assignment, records).l2, expected.l2) < 1e-6)
    }
    let beyond = CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1, shape: try #require(TensorShape([300, 70])), firstRow: 8,
      coordinates: 0..<21000, statistics: [], sources: [.init(tensor: "w", models: [0, 1])])
    #expect(throws: Failure.self) { try compute(beyond, records) }
  }

  @Test func memoryDoesNotChangeABit() throws {
    let types: [ElementType] = [.f32, .bf16, .f16]
    let records = try Models.make(relatives(types).map { [$0] }, in: folder)
    for statistics in [Self.everything, [], [.shrinkage]] {
      let assignment = try assignment(0..<21000, models: 3, statistics: statistics)
      let least = ShardGeometry.minimumBytes(
        models: 3, bytesPerCoordinate: 8, columns: 70, statistics: statistics, kept: 0)
      let reference = try compute(assignment, records)
      for memory in [least, least + 1, 2 * least, 3 * least + 777] {
        #expect(try compute(assignment, records, memory: memory) == reference, "\(memory) bytes")
      }
    }
  }

  @Test func eachByteIsReadOnceInBlocksThatFitTheMemory() throws {
    let records = try Models.make(relatives([.f32, .f16]).map { [$0] }, in: folder)
    let memory = ShardGeometry.minimumBytes(
      models: 2, bytesPerCoordinate: 6, columns: 70, statistics: Self.everything, kept: 0)
    let reads = Mutex<[Int]>([])
    _ = try ShardStream.compute(
      try assignment(0..<21000, models: 2), stores: records.map(\.store), library: StoreCache(),
      memoryBytes: memory, onRead: { bytes in reads.withLock { $0.append(bytes) } })
    #expect(reads.withLock { $0.reduce(0, +) } == 21000 * 6)
    #expect(reads.withLock { $0.count } == 2 * 21)
    #expect(reads.withLock { $0.max() } == 1024 * 4)
  }

  @Test func collinearRowsTellTheShrinkage() throws {
    var random = SeededRandom(5)
    let parent = TestTensor.random("w", .f32, shape, using: &random)
    // The first 200 rows are only shrunk, the others trained as well.
    let child = parent.values.enumerated().map { p, value in
      p < 200 * 70 ? value * 0.9 : value * 0.9 + 0.1 * random.nextWeight()
    }
    let records = try Models.make([[parent], [TestTensor("w", .f32, shape, child)]], in: folder)
    let partial = try compute(assignment(0..<21000, models: 2, statistics: .shrinkage), records)
    #expect(partial.collinearRows == [200])
    #expect(abs(partial.logShrinkage[0] / 200 - -0.105360515657826) < 1e-6)
  }

  @Test func notFiniteWeightsAreCounted() throws {
    var values = Array(repeating: 1.0, count: 21000)
    values[5] = .nan
    values[20999] = .infinity
    let records = try Models.make(
      [[TestTensor("w", .bf16, shape, values)], [TestTensor("w", .f32, shape, values)]], in: folder)
    let partial = try compute(assignment(0..<21000, models: 2), records)
    #expect(partial.moments.map(\.notFinite) == [2, 2])
    #expect(partial.l2[0].isNaN)
  }

  @Test func modelsComeInTheirOwnOrderWhateverTheirTensorIsCalled() throws {
    let tensors = relatives([.f32, .f32, .f32])
    var renamed = tensors[1]
    renamed.name = "model.w"
    let records = try Models.make([[tensors[0]], [renamed], [tensors[2]]], in: folder)
    var mixed = try assignment(0..<21000, models: 3)
    mixed.sources = [.init(tensor: "w", models: [0, 2]), .init(tensor: "model.w", models: [1])]
    let expected = BruteForce(tensors.map { $0.values[...] })
    #expect(error(try compute(mixed, records).l2, expected.l2) < 1e-6)
  }

  @Test func tooLittleMemoryIsRefusedWithTheNeed() throws {
    let records = try Models.make(relatives([.f32, .f32]).map { [$0] }, in: folder)
    let least = ShardGeometry.minimumBytes(
      models: 2, bytesPerCoordinate: 8, columns: 70, statistics: Self.everything, kept: 0)
    for memory in [least - 1, 1000, 0] {
      let error = try #require(
        failure { _ = try compute(assignment(0..<21000, models: 2), records, memory: memory) })
      #expect(error.kind == .usage)
      #expect(error.message.contains("at least \(ByteCount(bytes: least))"))
      #expect(error.message.contains("\(ByteCount(bytes: memory))"))
      #expect(error.advice.contains("--memory"))
    }
  }

  @Test func cancelledShardGivesNothing() throws {
    let records = try Models.make(relatives([.f32, .f32]).map { [$0] }, in: folder)
    let memory = ShardGeometry.minimumBytes(
      models: 2, bytesPerCoordinate: 8, columns: 70, statistics: Self.everything, kept: 0)
    // Often, because both threads may be anywhere when they are told.
    for last in Array(repeating: [1, 2, 3, 20], count: 25).joined() {
      let asked = Atomic(0)
      let partial = try ShardStream.compute(
        try assignment(0..<21000, models: 2), stores: records.map(\.store), library: StoreCache(),
        memoryBytes: memory, isCancelled: { asked.add(1, ordering: .relaxed).newValue >= last })
      #expect(partial == nil)
    }
  }

  /// The reader runs ahead into the next shard; what one shard meets must not touch the others.
  @Test func shardsInARowDoNotDisturbEachOther() throws {
    let records = try Models.make(relatives([.f32, .bf16]).map { [$0] }, in: folder)
    let ranges = [0..<21000, 0..<70, 70..<7070, -70..<70, 7000..<21000, 0..<21000, 140..<280]
    let cancelled: Set = [2, 5]
    let memory = ShardGeometry.minimumBytes(
      models: 2, bytesPerCoordinate: 6, columns: 70, statistics: Self.everything, kept: 0)
    let jobs = try ranges.enumerated().map { index, range in
      ShardStream.Job(
        try assignment(range, models: 2), stores: records.map(\.store), tag: index
      ) { cancelled.contains(index) }
    }
    let left = Mutex(Array(jobs.reversed()))
    let stream = ShardStream(
      library: StoreCache(), memoryBytes: memory, next: { left.withLock { $0.popLast() } },
      onRead: { _ in })
    for (index, range) in ranges.enumerated() {
      let (job, outcome) = try #require(stream.next())
      #expect(job.tag == index)
      switch outcome {
      case .computed(let partial, let bytesRead):
        #expect(partial == (try compute(assignment(range, models: 2), records)))
        #expect(bytesRead == range.count * 6)
      case .failed: #expect(range.lowerBound < 0)
      case .cancelled: #expect(cancelled.contains(index))
      }
    }
    #expect(stream.next().map(\.0.tag) == nil)
  }

  @Test(arguments: [-70..<70, 0..<21070, 70..<70, 21000..<21001])
  func impossibleRangesAreRefused(_ range: Range<Int>) throws {
    let records = try Models.make(relatives([.f32, .f32]).map { [$0] }, in: folder)
    let error = try #require(failure { _ = try compute(assignment(range, models: 2), records) })
    #expect(error.message.contains("\(range.lowerBound)..<\(range.upperBound)"))
    #expect(error.message.contains("[300, 70]"))
  }

  @Test func modelsThatAreNotThereAreRefused() throws {
    let records = try Models.make(relatives([.f32, .f32]).map { [$0] }, in: folder)
    let error = try #require(failure { _ = try compute(assignment(0..<70, models: 3), records) })
    #expect(error.message.contains("model 2 of 2"))
  }

  @Test func unknownTensorsAndOtherShapesAreNamedWithTheirStore() throws {
    var tensors = relatives([.f32, .f32])
    let records = try Models.make(tensors.map { [$0] }, in: folder)
    let unknown = try #require(
      failure { _ = try compute(assignment(0..<70, models: 2, tensor: "v"), records) })
    #expect(unknown.message.contains(records[0].store) && unknown.message.contains("/tensors/v"))
    tensors[1].shape = [70, 300]
    let turned = try Models.make(tensors.map { [$0] }, in: folder)
    let shape = try #require(failure { _ = try compute(assignment(0..<70, models: 2), turned) })
    #expect(shape.message.contains("'\(turned[1].store)'") && shape.message.contains("'w'"))
    #expect(shape.message.contains("[70, 300]") && shape.message.contains("[300, 70]"))
  }
}
