import Checkpoints
import Core
import Storage
import System
import TestSupport
import Testing

/// Stores as h5py reads them: the same names, shapes and values as in the original files.
struct StoreContentTests {
  private struct Facts: Decodable {
    struct Tensor: Decodable {
      var link: String
      var dtype: String
      var attribute: String
      var shape: [Int]
      var values: [UInt64]
      var external: Bool
    }
    var model: String
    var format: Int
    var tensors: [Tensor]
    var sources: [String]
  }

  private let folder: TemporaryFolder
  private static let names = ["F64": "float64", "F32": "float32", "F16": "float16", "BF16": "float32"]
  private static let modes: [ModelStoreWriter.Mode] = [.external, .copy]

  init() throws { folder = try TemporaryFolder() }

  private func facts(_ tensors: [TestTensor], _ mode: ModelStoreWriter.Mode) throws -> (Facts, ModelRecord) {
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"), mode: mode)
    return (try Oracle.run("stores.py", record.store), record)
  }

  /// Values that rounding, byte order or a wrong bias would spoil, and random ones.
  private func sample(_ type: ElementType) -> [TestTensor] {
    var random = SeededRandom(7)
    let extremes = [0, -0.0, 1, -1.5, 65504, 6e-5, 1e-7, 3.140625, -2.0e-8, .infinity, -.infinity, 0.1]
    return [
      TestTensor("extremes", type, [3, 4], extremes),
      .random("weight", type, [5, 7], using: &random),
      TestTensor("scalar", type, [], [-0.75]),
      .random("conv", type, [2, 3, 4, 5], using: &random),
      TestTensor("one", type, [1, 1, 1], [2]),
    ]
  }

  @Test(arguments: ElementType.allCases, modes)
  func valuesAreTheOriginalOnes(_ type: ElementType, _ mode: ModelStoreWriter.Mode) throws {
    let tensors = sample(type)
    let (facts, record) = try facts(tensors, mode)
    #expect(facts.tensors.map(\.link) == tensors.map(\.name))
    for (found, tensor) in zip(facts.tensors, tensors) {
      #expect(found.shape == tensor.shape)
      #expect(found.values == tensor.values.map(\.bitPattern), "\(tensor.name)")
      #expect(found.dtype == Self.names[tensor.type])
      #expect(found.attribute == tensor.type)
      #expect(found.external == (mode == .external))
    }
    #expect(facts.model == "m")
    #expect(facts.format == Version.storeFormat)
    #expect(facts.sources == [folder.at("m.safetensors")])
    #expect(record.tensors.map(\.shape.extents) == tensors.map(\.shape))
  }

  @Test(arguments: modes)
  func locationsPointAtTheBytes(_ mode: ModelStoreWriter.Mode) throws {
    let tensors = sample(.f16) + [TestTensor("odd", .bf16, [3], [1, 2, 3])]
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"), mode: mode)
    for (stored, tensor) in zip(record.tensors, tensors) {
      #expect(stored.array.file == (mode == .copy ? record.store : path))
      let file = try WeightFile(path: stored.array.file)
      var bytes = [UInt8](repeating: 0, count: stored.bytes)
      try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: stored.array.offset, what: stored.name) }
      #expect(bytes == tensor.bytes, "\(tensor.name)")
    }
  }

  @Test(arguments: modes)
  func anyNameComesBack(_ mode: ModelStoreWriter.Mode) throws {
    let names = [
      "model.layers.0/attn", "/", "a/b/c/", "%", "100%2F", "%2E", ".", "..", "./x", " ", "two words",
      "Größe", "层.权重", "🌲", "a\nb", "\u{1b}[31m", "quote\"'\\", "A", "a/\u{301}",
      String(repeating: "long.", count: 400),
    ]
    let tensors = names.enumerated().map { TestTensor($1, .f32, [1], [Double($0)]) }
    let (facts, record) = try facts(tensors, mode)
    #expect(record.tensors.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
    #expect(facts.tensors.map(\.values) == tensors.map { $0.values.map(\.bitPattern) })
    let store = try ModelStore(path: record.store)
    for (index, name) in names.enumerated() {
      #expect(try store.tensor(name).array.offset == record.tensors[index].array.offset)
    }
  }

  @Test func linksEscapeWhatHDF5WouldRead() throws {
    let tensors = ["a/b", "50%", "."].map { TestTensor($0, .f32, [1], [1]) }
    #expect(try facts(tensors, .external).0.tensors.map(\.link) == ["a%2Fb", "50%25", "%2E"])
  }

  @Test func orderIsTheOneOfTheBytesHoweverMany() throws {
    var random = SeededRandom(3)
    let names = (0..<500).map { "t\($0)" }.shuffled(using: &random)
    let tensors = names.map { TestTensor($0, .f16, [1], [1]) }
    let (facts, record) = try facts(tensors, .external)
    #expect(facts.tensors.map(\.link) == names)
    #expect(record.tensors.map(\.name) == names)
  }

  @Test func importingCopiesNothing() throws {
    let tensors = [TestTensor("w", "F32", [1 << 20], bytes: .init(repeating: 1, count: 4 << 20))]
    let path = try folder.write(tensors, to: "m.safetensors")
    let before = try folder.read("m.safetensors")
    _ = try Models.importOne(path, into: folder.at("stores"), mode: .external)
    #expect(try folder.bytes(of: "stores/m.h5") < 20_000)
    #expect(try folder.read("m.safetensors") == before)
    _ = try Models.importOne(path, into: folder.at("copies"), mode: .copy)
    #expect(try folder.bytes(of: "copies/m.h5") > 4 << 20)
  }

  @Test func copyLargerThanOneChunkIsWhole() throws {
    var random = SeededRandom(11)
    let words = (0..<(9 << 17)).map { _ in random.next() & 0x3fff_ffff_3fff_ffff }
    let bytes = words.withUnsafeBytes { Array($0) }
    let tensors = [
      TestTensor("first", .f32, [3], [1, 2, 3]), TestTensor("large", "F32", [bytes.count / 4], bytes: bytes),
    ]
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"), mode: .copy)
    let copy = try folder.read("stores/m.h5")
    for (stored, tensor) in zip(record.tensors, tensors) {
      #expect(Array(copy[stored.array.offset..<stored.array.offset + stored.bytes]) == tensor.bytes)
    }
  }

  @Test func copyOfWeightsThatWereCutOffLeavesNothingBehind() throws {
    let path = try folder.write([TestTensor("w", .f32, [2], [1, 2])], to: "m.safetensors")
    let whole = try Models.importOne(path, into: folder.at("stores"))
    try folder.write(Array(try folder.read("m.safetensors").dropLast()), to: "m.safetensors")
    try folder.makeFolder("copies")
    let error = try #require(
      failure {
        try ModelStoreWriter.write(
          to: folder.at("copies/m.h5"), model: "m", tensors: whole.tensors, setAside: [],
          sources: whole.sources, mode: .copy)
      })
    #expect(error.kind == .badInput)
    #expect(error.message.contains(path))
    #expect(error.message.contains("'w'"))
    #expect(try folder.names(in: "copies").isEmpty)
  }

  @Test func unknownTensorIsNamedWithItsStore() throws {
    let path = try folder.write([TestTensor("w", .f32, [1], [1])], to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    let store = try ModelStore(path: record.store)
    let error = try #require(failure { _ = try store.tensor("v") })
    #expect(error.message.contains(record.store))
    #expect(error.message.contains("/tensors/v"))
  }

  @Test func folderThatCannotBeWrittenIsNamed() throws {
    let path = folder.at("none/m.h5")
    let error = try #require(
      failure {
        try ModelStoreWriter.write(
          to: path, model: "m", tensors: [], setAside: [], sources: [], mode: .external)
      })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains(path))
  }
}
