import Checkpoints
import Core
import Foundation
import Storage
import System
import TestPrograms
import TestSeed
import TestSupport
import Testing

/// Files that other programs wrote (Tests/Fixtures/make-fixtures.py) are read as those programs read them.
struct FixtureTests {
  struct Tensor: Decodable {
    var shape: [Int]
    var values: [Double]
  }

  static let folder = "\(Oracle.repositoryRoot)/Tests/Fixtures"

  static func expected() throws -> [String: [String: Tensor]] {
    let text = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/expected.json"))
    return try JSONDecoder().decode([String: [String: Tensor]].self, from: text)
  }

  static let files = ((try? expected())?.keys).map { $0.sorted() } ?? []

  @Test func thereAreFixtures() { #expect(Self.files.count > 25) }

  @Test(arguments: files)
  func numbersAreThoseOfTheProgramThatWroteThem(_ name: String) throws {
    let stores = try TemporaryFolder()
    let wanted = try #require(try Self.expected()[name])
    for mode in [ModelStoreWriter.Mode.places, .copy] {
      let record = try Models.importOne("\(Self.folder)/\(name)", into: stores.at("\(mode)"), mode: mode)
      #expect(Set(record.tensors.map(\.name)) == Set(wanted.keys))
      for tensor in record.tensors {
        guard let known = wanted[tensor.name] else { continue }
        #expect(tensor.shape.extents == known.shape, "\(tensor.name)")
        #expect(try tensor.values() == known.values.map { Float($0) }, "\(tensor.name)")
      }
      // A store says the same when it is read again.
      let again = try ModelRecord(id: record.id, path: record.path, store: record.store)
      for (first, second) in zip(record.tensors, again.tensors) {
        #expect(try first.name == second.name && first.values() == second.values())
      }
    }
  }

  @Test(arguments: [
    ("pytorch/script.pt", "TorchScript"), ("pytorch/deflated.bin", "compressed"),
    ("pytorch/big-endian.bin", "big-endian"),
  ])
  func whatIsNotReadIsNamed(_ name: String, _ reason: String) throws {
    let stores = try TemporaryFolder()
    let path = "\(Self.folder)/\(name)"
    let failure = try #require(failure { _ = try Models.importOne(path, into: stores.path) })
    #expect(failure.kind == .badInput && failure.message.contains(path) && failure.message.contains(reason))
    #expect(!failure.advice.isEmpty)
  }

  @Test(arguments: [
    ("numpy/deflated.npz", "a", "compressed"), ("numpy/big-endian.npy", "array", "big-endian"),
    ("hdf5/keras.weights.h5", "layers.chunked.vars.0", "compressed"), ("pytorch/odd.bin", "sparse", "sparse"),
    ("pytorch/odd.bin", "expanded", "strides [0, 1]"),
  ])
  func tensorsThatAreNotReadAreNamed(_ name: String, _ tensor: String, _ reason: String) throws {
    let file = try CheckpointFile(path: "\(Self.folder)/\(name)")
    let entry = try #require(file.entries.first { $0.name == tensor })
    guard case .unread(let why) = entry.content else {
      Issue.record("'\(tensor)' is read")
      return
    }
    #expect(why.contains(reason))
  }

  @Test func whatBelongsToTrainingIsCounted() throws {
    let file = try CheckpointFile(path: "\(Self.folder)/pytorch/lightning.ckpt")
    #expect(file.notes == ["not weights of the network, passed over: 'optimizer_states' (3 tensors), 'rng' (1 tensor)"])
    #expect(file.format.rawValue == "pytorch")
  }

  @Test func numbersInOtherFilesAreOfTheModel() throws {
    let stores = try TemporaryFolder()
    let record = try Models.importOne("\(Self.folder)/onnx/outside.onnx", into: stores.path)
    #expect(record.sources.map(\.path) == ["outside.onnx", "outside.data"].map { "\(Self.folder)/onnx/\($0)" })
    #expect(record.checkpoint.format == "onnx")
  }

  @Test(arguments: ["../secret", "/etc/passwd", "a/../../secret", ""])
  func anONNXModelCannotPointOutsideOfItsFolder(_ location: String) throws {
    let folder = try TemporaryFolder()
    func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
    let words = field(1, Array("location".utf8)) + field(2, Array(location.utf8))
    let tensor = [8, 2, 16, 1] + field(8, Array("w".utf8)) + field(13, words) + [112, 1]
    let model: [UInt8] = [8, 9] + field(2, []) + field(7, field(5, tensor))
    let path = try folder.write(model, to: "m/m.onnx")
    let failure = try #require(failure { _ = try Models.importOne(path, into: folder.at("stores")) })
    #expect(failure.kind == .badInput && failure.message.contains("'w'") && failure.message.contains(path))
  }

  /// Any bytes are read or refused; nothing that is read lies outside of the file.
  @Test func damagedFilesAreReadOrRefused() throws {
    let random = Seeded.fresh()
    let folder = try TemporaryFolder()
    var read = 0
    for name in Self.files + ["pytorch/script.pt", "numpy/deflated.npz"] where !name.hasPrefix("hdf5/") {
      read += try Mutations.run(
        try Array(Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name)"))), as: name, rounds: 60, random,
        folder)
    }
    #expect(read > 100, "seed \(random.seed): nothing came through")
  }
}
