import Checkpoints
import Compute
import Core
import Foundation
import Storage
import System
import TestSupport
import Testing
import Wire

/// Hosts that see the files elsewhere, not at all, or in another state.
struct MissingFilesTests {
  private let folder: TemporaryFolder
  private static let shape = [4, 1024]

  init() throws { folder = try TemporaryFolder() }

  private func models(_ mode: ModelStoreWriter.Mode = .external) throws -> [ModelRecord] {
    var random = SeededRandom(3)
    return try Models.make(
      (0..<2).map { _ in [TestTensor.random("w", .f32, Self.shape, using: &random)] }, in: folder, mode: mode)
  }

  private func run(_ records: [ModelRecord], _ library: StoreCache) throws -> Partial? {
    let assignment = CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1, shape: try #require(TensorShape(Self.shape)),
      coordinates: 0..<4096, statistics: [], sources: [.init(tensor: "w", models: [0, 1])])
    let memory = ShardGeometry.minimumBytes(
      models: 2, bytesPerCoordinate: 8, columns: 1024, statistics: [], kept: 0)
    return try ShardStream.compute(
      assignment, stores: records.map(\.store), library: library, memoryBytes: memory)
  }

  /// A library on a host where stores and weights lie in other folders.
  private func elsewhere(stores: String = "there/stores", weights: String = "there/weights") throws -> StoreCache {
    StoreCache(
      paths: try PathMap([
        "\(folder.at("stores"))=\(folder.at(stores))", "\(folder.at("weights"))=\(folder.at(weights))",
      ]))
  }

  private func copy(_ name: String, to other: String) throws {
    try folder.makeFolder((other as NSString).deletingLastPathComponent)
    try FileManager.default.copyItem(atPath: folder.at(name), toPath: folder.at(other))
    for file in try folder.names(in: name) {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.at("\(name)/\(file)"))
      let time = try #require(attributes[.modificationDate] as? Date)
      // To the second only, as many a copy keeps it.
      try folder.touch("\(other)/\(file)", secondsSince1970: time.timeIntervalSince1970.rounded(.down))
    }
  }

  private func missing(_ records: [ModelRecord], _ library: StoreCache) throws -> Failure {
    try #require(failure { _ = try run(records, library) })
  }

  @Test(arguments: [ModelStoreWriter.Mode.external, .copy])
  func movedStoresAndWeightsAreFoundByDifferentRules(_ mode: ModelStoreWriter.Mode) throws {
    let records = try models(mode)
    let right = try run(records, StoreCache())
    try copy("stores", to: "there/stores")
    try copy("weights", to: "there/weights")
    try folder.remove("stores")
    try folder.remove("weights")
    #expect(try run(records, try elsewhere()) == right)
    let lost = try missing(records, StoreCache())
    #expect(lost.missing == records[0].store)
    #expect(lost.message.contains("No such file"))
  }

  @Test func weightsThatAreNotThereAreMissingUnderTheCoordinatorsName() throws {
    let records = try models()
    let lost = try missing(records, try elsewhere(stores: "stores"))
    #expect(lost.missing == folder.at("weights/m0.safetensors"))
    #expect(lost.message.contains("'\(folder.at("there/weights/m0.safetensors"))'"), "\(lost.message)")
    #expect(lost.message.contains("(the coordinator's '\(folder.at("weights/m0.safetensors"))')"), "\(lost.message)")
  }

  @Test func soAreStores() throws {
    let records = try models()
    let lost = try missing(records, try elsewhere(weights: "weights"))
    #expect(lost.missing == records[0].store)
    #expect(lost.message.contains(folder.at("there/stores/m0.h5")), "\(lost.message)")
  }

  @Test func filesThatCannotBeReadAreMissingToo() throws {
    let records = try models()
    for file in ["weights/m1.safetensors", "stores/m1.h5"] {
      // Even the superuser reads no folder and follows no loop.
      let spoilers: [() throws -> Void] = [
        { try folder.makeFolder(file) }, { try folder.link(file, to: folder.at(file)) },
      ]
      for spoil in spoilers {
        try FileManager.default.moveItem(atPath: folder.at(file), toPath: folder.at("kept"))
        try spoil()
        #expect(try missing(records, StoreCache()).missing == folder.at(file))
        try folder.remove(file)
        try FileManager.default.moveItem(atPath: folder.at("kept"), toPath: folder.at(file))
      }
    }
    #expect(try run(records, StoreCache()) != nil)
  }

  @Test func aMissingFileThatComesBackIsTaken() throws {
    let records = try models()
    let library = StoreCache()
    try FileManager.default.moveItem(atPath: folder.at("weights"), toPath: folder.at("away"))
    #expect(try missing(records, library).missing == folder.at("weights/m0.safetensors"))
    try FileManager.default.moveItem(atPath: folder.at("away"), toPath: folder.at("weights"))
    #expect(try run(records, library) != nil)
  }

  @Test func aStaleCopyIsMissingWithWhatDiffers() throws {
    let records = try models()
    try copy("stores", to: "there/stores")
    try copy("weights", to: "there/weights")
    let file = "there/weights/m1.safetensors"
    let whole = try folder.read(file)
    let time = Double(records[1].sources[0].modified / 1_000_000_000)
    func differs(_ bytes: [UInt8], _ seconds: Double, _ word: String) throws {
      try folder.write(bytes, to: file)
      try folder.touch(file, secondsSince1970: seconds)
      let stale = try missing(records, try elsewhere())
      #expect(stale.missing == folder.at("weights/m1.safetensors"))
      #expect(stale.message.contains(word) && stale.message.contains(folder.at(file)), "\(stale.message)")
      #expect(stale.advice.contains("cp -a"))
    }
    try differs(Array(whole.dropLast(4)), time, "\(whole.count - 4) bytes long, was \(whole.count)")
    try differs(whole, time - 1, "modified at")
    try differs(whole, time + 0.5, "modified at")
    var other = whole
    other[20] ^= 1
    try differs(other, time, "another header")
    var endless = whole
    endless[7] = 0x7f
    try differs(endless, time, "another header")
    try folder.write(whole, to: file)
    try folder.touch(file, secondsSince1970: time)
    #expect(try run(records, try elsewhere()) != nil)
  }

  @Test func aFileThatIsCutOffWhileItIsOpenIsMissingHere() throws {
    let records = try models()
    let library = StoreCache()
    #expect(try run(records, library) != nil)
    let file = "weights/m1.safetensors"
    let whole = try folder.read(file)
    try folder.truncate(file, to: 5000)
    let cut = try missing(records, library)
    #expect(cut.message.contains("ends at byte 5000"), "\(cut.message)")
    #expect(cut.missing == folder.at(file))
    // Another try looks at it anew, and takes it when it is whole again.
    #expect(try missing(records, library).message.contains("5000 bytes long, was \(whole.count)"))
    try folder.write(whole, to: file)
    try folder.touch(file, secondsSince1970: Double(records[1].sources[0].modified) / 1e9)
    let again = try Models.importOne(folder.at(file), into: folder.at("again"))
    #expect(try run([records[0], again], library) != nil)
  }

  @Test func whatIsWrongForEverybodyIsNotMissing() throws {
    let records = try models(.copy)
    try folder.truncate("stores/m1.h5", to: records[1].tensors[0].array.offset + 5000)
    let cut = try missing(records, StoreCache())
    #expect(cut.missing == nil, "\(cut.message)")
    try folder.write("no HDF5", to: "stores/m0.h5")
    let damaged = try missing(records, StoreCache())
    #expect(damaged.missing == nil, "\(damaged.message)")
    let noTensor = try #require(
      failure { _ = try StoreCache().run("v", of: try models()) })
    #expect(noTensor.missing == nil, "\(noTensor.message)")
  }
}

extension StoreCache {
  /// Computes a tensor that may not be there.
  fileprivate func run(_ tensor: String, of records: [ModelRecord]) throws -> Partial? {
    let assignment = CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1, shape: try #require(TensorShape([4, 1024])),
      coordinates: 0..<4096, statistics: [], sources: [.init(tensor: tensor, models: [0, 1])])
    return try ShardStream.compute(
      assignment, stores: records.map(\.store), library: self, memoryBytes: 1 << 28)
  }
}
