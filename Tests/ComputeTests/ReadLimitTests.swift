import Checkpoints
import Compute
import Core
import Synchronization
import System
import TestSupport
import Testing
import Wire

/// Real reads of real files at a limited rate.
struct ReadLimitTests {
  private static let coordinates = 2_500_000
  private let folder: TemporaryFolder
  private let records: [ModelRecord]

  /// Two models of 10 MB.
  init() throws {
    folder = try TemporaryFolder()
    let values = (0..<Self.coordinates).map { Double($0 % 251) }
    let tensor = TestTensor("w", .f32, [Self.coordinates / 1000, 1000], values)
    records = try Models.make([[tensor], [tensor]], in: folder)
  }

  private func assignment(_ coordinates: Range<Int>) throws -> CoordinatorMessage.Assignment {
    CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1,
      shape: try #require(TensorShape([Self.coordinates / 1000, 1000])), coordinates: coordinates,
      statistics: [], sources: [.init(tensor: "w", models: [0, 1])])
  }

  @Test func twoReadersTogetherKeepTheRateAtEveryMoment() throws {
    let rate = 10_000_000
    let limit = ReadLimit(ByteRate(bytesPerSecond: rate))
    let reads = Mutex<[(at: ContinuousClock.Instant, bytes: Int)]>([])
    let library = StoreCache()
    let half = Self.coordinates / 2
    let start = ContinuousClock.now
    let streams = try [0..<half, half..<Self.coordinates].map { range in
      let jobs = Mutex([ShardStream.Job(try assignment(range), stores: records.map(\.store))])
      return ShardStream(
        library: library, memoryBytes: 1 << 28, limit: limit, next: { jobs.withLock { $0.popLast() } },
        onRead: { count in reads.withLock { $0.append((.now, count)) } })
    }
    // Both read from the start, whoever is asked first.
    let partials = try streams.map { stream in
      guard case .computed(let partial, let bytes) = try #require(stream.next()).1 else {
        throw Failure(.unclassified, "not computed")
      }
      #expect(bytes == half * 8)
      return partial
    }
    for (partial, range) in zip(partials, [0..<half, half..<Self.coordinates]) {
      let unlimited = try ShardStream.compute(
        try assignment(range), stores: records.map(\.store), library: StoreCache(), memoryBytes: 1 << 28)
      #expect(partial == unlimited)
    }
    let all = reads.withLock { $0 }
    #expect(all.reduce(0) { $0 + $1.bytes } == Self.coordinates * 8)
    #expect(all.map(\.bytes).max() == limit.pieceBytes)
    var sum = 0
    for read in all {
      sum += read.bytes
      let allowed = Double(limit.pieceBytes) + Double(rate) * ((read.at - start) / .seconds(1))
      #expect(Double(sum) <= allowed, "\(sum) bytes after \(read.at - start)")
    }
  }

  @Test func whoeverWaitsForTheLimitCanBeCalledOff() throws {
    let seen = Atomic(0)
    let partial = try ShardStream.compute(
      try assignment(0..<Self.coordinates), stores: records.map(\.store), library: StoreCache(),
      memoryBytes: 1 << 28, limit: ReadLimit(ByteRate(bytesPerSecond: 100_000)),
      onRead: { seen.add($0, ordering: .relaxed) },
      isCancelled: { seen.load(ordering: .relaxed) > 0 })
    #expect(partial == nil)
    // 200 seconds' worth, of which it was called off after the first piece.
    #expect((1..<Self.coordinates * 8).contains(seen.load(ordering: .relaxed)))
  }
}
