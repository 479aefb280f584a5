import Checkpoints
import Core
import Encodings
import Storage
import System
import TestSupport
import Testing

/// Weights of every encoding that safetensors has are kept as they are, everything else is skipped.
struct ElementTypeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: ElementType.allCases)
  func weightsKeepTheirType(_ type: ElementType) throws {
    let path = try folder.write([TestTensor("w", type, [2, 2], [1, 2, 3, 4])], to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    let tensor = try #require(record.tensors.first)
    #expect(tensor.array.encoding == Encoding(type))
    #expect(tensor.shape.extents == [2, 2])
    #expect(tensor.bytes == 4 * type.bytes)
    #expect(record.encodings == [Encoding(type)])
    #expect(record.parameters == 4)
    #expect(record.setAside.isEmpty)
  }

  @Test(arguments: [
    ("I64", 8), ("I32", 4), ("I16", 2), ("I8", 1), ("U64", 8), ("U32", 4), ("U16", 2), ("U8", 1),
    ("BOOL", 1), ("F8_E8M0", 1), ("C64", 8), ("UNHEARD_OF", 3),
  ])
  func otherTypesAreSetAside(_ type: String, bytes: Int) throws {
    let path = try folder.write(
      [
        TestTensor("ids", type, [1, 3], bytes: Array(repeating: 1, count: 3 * bytes)),
        TestTensor("w", .f32, [1], [1]),
      ], to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.setAside == [SkippedTensor(name: "ids", type: type, extents: [1, 3])])
    #expect(record.tensors.map(\.name) == ["w"])
  }

  @Test func emptyTensorsAreSetAside() throws {
    let path = try folder.write(
      [TestTensor("none", .f32, [0, 4], []), TestTensor("w", .f32, [1], [1])], to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.setAside.map(\.name) == ["none"])
    #expect(record.tensors.map(\.name) == ["w"])
  }

  @Test func modelWithoutAnyTensorIsImportedEmpty() throws {
    let path = try folder.write([TestTensor](), to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.tensors.isEmpty && record.setAside.isEmpty)
  }

  @Test func typesAreListedByTheirShareOfTheBytes() throws {
    let path = try folder.write(
      [
        TestTensor("small", .f32, [1], [1]), TestTensor("large", .bf16, [3], [1, 2, 3]),
        TestTensor("tiny", .f16, [1], [1]),
      ], to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.encodings == [.bf16, .f32, .f16])
    #expect(record.bytes == 12)
  }
}
