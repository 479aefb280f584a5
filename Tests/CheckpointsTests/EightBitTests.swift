import Checkpoints
import Core
import Encodings
import Storage
import System
import TestSupport
import Testing

/// Weights of 8 bits: read where they are what they say, set aside where another tensor scales them.
struct EightBitTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func eightBits(_ name: String, _ type: String = "F8_E4M3") -> TestTensor {
    TestTensor(name, type, [2, 3], bytes: [0x38, 0xb8, 0x40, 0x30, 0x00, 0x3c])
  }

  @Test(arguments: [
    ("F8_E4M3", [1, -1, 2, 0.5, 0, 1.5] as [Float]), ("F8_E5M2", [0.5, -0.5, 2, 0.125, 0, 1] as [Float]),
  ])
  func weightsWithoutAScaleAreRead(_ type: String, _ values: [Float]) throws {
    let path = try folder.write([eightBits("w.weight", type)], to: "m.safetensors")
    for mode in [ModelStoreWriter.Mode.places, .external, .copy] {
      let record = try Models.importOne(path, into: folder.at("stores"), mode: mode)
      let tensor = try #require(record.tensors.first)
      #expect(tensor.encodings.map(\.name) == [type])
      #expect(tensor.bytes == 6 && record.bytes == 6 && tensor.elementType == .f32)
      #expect(try tensor.values() == values)
      #expect(record.rounding == (type == "F8_E4M3" ? 0x1p-4 : 0x1p-3))
      #expect(try ModelRecord(id: "m", path: path, store: record.store).tensors == record.tensors)
    }
  }

  @Test(arguments: ["a.weight_scale_inv", "a.weight_scale", "a.scale_weight", "a.weight.scale", "a.scale"])
  func aScaleBesideWeightsIsApplied(_ scale: String) throws {
    let tensors = [eightBits("a.weight"), TestTensor(scale, .f32, [1], [2]), eightBits("b.weight")]
    let path = try folder.write(tensors, to: "m.safetensors")
    for mode in [ModelStoreWriter.Mode.places, .external, .copy] {
      let record = try Models.importOne(path, into: folder.at("stores"), mode: mode)
      #expect(record.setAside.isEmpty)
      #expect(record.tensors.map(\.name) == ["a.weight", "b.weight"])
      #expect(try record.tensors[0].values() == [2, -2, 4, 1, 0, 3])
      #expect(try record.tensors[1].values() == [1, -1, 2, 0.5, 0, 1.5])
    }
  }

  @Test(arguments: ["a.input_scale", "a.Scale"])
  func weightsWhoseScaleIsNotKnownAreSetAside(_ scale: String) throws {
    let tensors = [eightBits("a.weight"), TestTensor(scale, .f32, [1], [2]), eightBits("b.weight")]
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.setAside.map(\.name) == ["a.weight"])
    #expect(record.setAside[0].reason?.contains("'\(scale)'") == true)
    #expect(record.tensors.map(\.name) == [scale, "b.weight"])
  }

  @Test func aScaleThatDoesNotFitIsNotApplied() throws {
    let tensors = [eightBits("a.weight"), TestTensor("a.weight_scale", .f32, [5], [2, 2, 2, 2, 2])]
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.setAside.map(\.name) == ["a.weight"])
    #expect(record.setAside[0].reason?.contains("do not fit") == true && record.tensors.isEmpty)
  }

  @Test func theScaleOfAFusedTensorCountsToo() throws {
    let tensors = [eightBits("experts.gate_up_proj"), TestTensor("experts.gate_up_proj_scale", .f32, [2], [2, 3])]
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(try record.tensors[0].values() == [2, -2, 4, 1.5, 0, 4.5])
  }

  @Test func aScaleInAnotherFileOfTheModelCountsToo() throws {
    try folder.write([eightBits("a.weight"), eightBits("c.weight")], to: "m/model-00001-of-00002.safetensors")
    try folder.write([TestTensor("a.weight_scale_inv", .f32, [1], [2])], to: "m/model-00002-of-00002.safetensors")
    try folder.write(
      Safetensors.index([
        "a.weight": "model-00001-of-00002.safetensors", "c.weight": "model-00001-of-00002.safetensors",
        "a.weight_scale_inv": "model-00002-of-00002.safetensors",
      ]), to: "m/model.safetensors.index.json")
    let record = try Models.importOne(folder.at("m"), into: folder.at("stores"))
    #expect(record.setAside.isEmpty && record.tensors.map(\.name).sorted() == ["a.weight", "c.weight"])
    #expect(try record.tensors.first { $0.name == "a.weight" }?.values() == [2, -2, 4, 1, 0, 3])
  }

  /// Blocks of GGUF are no data type of safetensors, whatever a header says.
  @Test func aHeaderCannotAskForBlocks() throws {
    let path = try folder.write(
      [TestTensor("w", "Q8_0", [32], bytes: .init(repeating: 0, count: 34))], to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.setAside.map(\.type) == ["Q8_0"] && record.tensors.isEmpty)
  }

  @Test func wideWeightsBesideAScaleStayWhatTheyAre() throws {
    let tensors = [TestTensor("a.weight", .bf16, [2], [1, 2]), TestTensor("a.scale", .f32, [1], [2])]
    let path = try folder.write(tensors, to: "m.safetensors")
    #expect(try Models.importOne(path, into: folder.at("stores")).tensors.count == 2)
  }
}
