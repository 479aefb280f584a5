import Checkpoints
import Compute
import Core
import Storage
import System
import TestSupport
import Testing
import Wire

/// Weights that change under a worker are noticed, never silently compared.
struct ChangedWeightsTests {
  private let folder: TemporaryFolder
  private let tensor = TestTensor("w", .f32, [4, 1024], Array(repeating: 1, count: 4096))

  init() throws { folder = try TemporaryFolder() }

  private func run(_ library: StoreCache, _ records: [ModelRecord]) throws -> Partial? {
    let assignment = CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1, shape: try #require(TensorShape([4, 1024])), coordinates: 0..<4096,
      statistics: [], sources: [.init(tensor: "w", models: [0, 1])])
    // Room for blocks of one run: four blocks are streamed.
    let memory = ShardGeometry.minimumBytes(
      models: 2, bytesPerCoordinate: 8, columns: 1024, statistics: [], kept: 0)
    return try ShardStream.compute(
      assignment, stores: records.map(\.store), library: library, memoryBytes: memory)
  }

  private func cutOff() throws {
    let name = "weights/m1.safetensors"
    try folder.write(Array(try folder.read(name).dropLast(100)), to: name)
  }

  @Test func weightsCutOffSinceTheImportAreNamed() throws {
    let records = try Models.make([[tensor], [tensor]], in: folder)
    try cutOff()
    let error = try #require(failure { _ = try run(StoreCache(), records) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("'\(folder.at("weights/m1.safetensors"))' has changed since the import"))
  }

  @Test func weightsTouchedSinceTheImportAreNamed() throws {
    let records = try Models.make([[tensor], [tensor]], in: folder)
    try folder.touch("weights/m0.safetensors", secondsSince1970: 1_000_000_000)
    let error = try #require(failure { _ = try run(StoreCache(), records) })
    #expect(error.message.contains(folder.at("weights/m0.safetensors")))
  }

  @Test func copiedStoresNeedTheirSourcesNoLonger() throws {
    let records = try Models.make([[tensor], [tensor]], in: folder, mode: .copy)
    try folder.remove("weights")
    #expect(try run(StoreCache(), records)?.l2 == [0])
  }

  @Test func copiedStoreThatWasCutOffIsNamed() throws {
    let records = try Models.make([[tensor], [tensor]], in: folder, mode: .copy)
    let library = StoreCache()
    #expect(try run(library, records) != nil)
    let store = "stores/m1.h5"
    let cut = records[1].tensors[0].array.offset + 5000
    // In place, as the library holds the file open.
    try folder.truncate(store, to: cut)
    let error = try #require(failure { _ = try run(library, records) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("'\(folder.at(store))' ends at byte \(cut)"))
    #expect(error.message.contains("'w'"))
  }

  @Test func forgottenStoresAreOpenedAnew() throws {
    let records = try Models.make([[tensor], [tensor]], in: folder)
    let library = StoreCache()
    #expect(try run(library, records)?.l2 == [0])
    let moved = TestTensor("w", .f32, [4, 1024], Array(repeating: 2, count: 4096))
    let again = try Models.make([[tensor], [moved]], in: folder)
    library.forget()
    #expect(try run(library, again)?.l2 == [4096])
  }

  @Test func missingStoreIsNamed() throws {
    let records = try Models.make([[tensor], [tensor]], in: folder)
    try folder.remove("stores/m1.h5")
    let error = try #require(failure { _ = try run(StoreCache(), records) })
    #expect(error.message.contains(records[1].store))
  }
}
