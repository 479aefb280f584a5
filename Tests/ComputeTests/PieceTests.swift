import Checkpoints
import Compute
import Core
import Storage
import System
import TestSupport
import Testing
import Wire

/// A shard in pieces: whoever computes which part, the bits are the same.
struct PieceTests {
  private let folder: TemporaryFolder
  private let shape = [90, 70]
  private let records: [ModelRecord]
  private let tensors: [TestTensor]

  init() throws {
    folder = try TemporaryFolder()
    var random = SeededRandom(7)
    let extents = [90, 70]
    let parent = TestTensor.random("w", .f64, extents, using: &random).values
    let types: [ElementType] = [.f32, .bf16, .f16, .f32]
    tensors = types.map { type in
      TestTensor("w", type, extents, parent.map { $0 + 1e-2 * random.nextWeight() })
    }
    records = try Models.make(tensors.map { [$0] }, in: folder)
  }

  private func compute(
    _ part: ShardPart?, _ statistics: Statistics, coordinates: Range<Int> = 700..<6300, memory: Int = 1 << 30
  ) throws -> Partial {
    let assignment = CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1, shape: try #require(TensorShape(shape)), coordinates: coordinates,
      statistics: statistics, samples: 2, spectrum: statistics.contains(.spectrum) ? 4 : 0, part: part,
      sources: [.init(tensor: "w", models: Array(records.indices))])
    #expect(assignment.flaw == nil)
    return try #require(
      try ShardStream.compute(
        assignment, stores: records.map(\.store), library: StoreCache(), memoryBytes: memory))
  }

  private func joined(_ part: ShardPart, deeper: (ShardPart) -> Bool, _ statistics: Statistics) throws -> Partial {
    guard deeper(part), let (left, right) = part.halves else { return try compute(part, statistics) }
    var sums = try joined(left, deeper: deeper, statistics)
    sums.join(try joined(right, deeper: deeper, statistics))
    return sums
  }

  @Test(arguments: [2, 4, 16], [[], [.l1, .max, .extremes], [.spectrum], [.shrinkage]] as [Statistics])
  func partsAddUpToTheBitsOfTheWhole(pieces: Int, statistics: Statistics) throws {
    let whole = ShardPart(wholeOf: pieces)
    let reference = try compute(whole, statistics)
    #expect(try joined(whole, deeper: { _ in true }, statistics) == reference)
    #expect(try joined(whole, deeper: { $0.first > 0 || $0.isWhole }, statistics) == reference)
    #expect(reference.samples == (try compute(nil, statistics)).samples, "samples do not depend on pieces")
    let expected = BruteForce(tensors.map { $0.values[700..<6300] })
    #expect(error(reference.l2, expected.l2) < 1e-6)
    #expect(error(reference.moments.map(\.m2), expected.moments.map(\.m2)) < 1e-6)
    #expect(reference.moments.allSatisfy { $0.count == 5600 })
  }

  @Test func onePieceIsAShardAsItAlwaysWas() throws {
    for statistics in [[], [.l1], [.spectrum]] as [Statistics] {
      #expect(try compute(ShardPart(wholeOf: 1), statistics) == compute(nil, statistics))
    }
  }

  @Test func memoryDoesNotChangeABit() throws {
    let part = ShardPart(wholeOf: 8)
    let reference = try compute(part, [])
    let least = ShardGeometry.minimumBytes(
      models: 4, bytesPerCoordinate: 12, columns: 70, statistics: [],
      kept: ShardGeometry.keptBytes(models: 4, shape: try #require(TensorShape(shape)), samples: 2, spectrum: 0),
      pieces: 8)
    for memory in [least, least + 1, 2 * least] { #expect(try compute(part, [], memory: memory) == reference) }
    #expect(throws: Failure.self) { try compute(part, [], memory: least - 1) }
  }
}
