import Checkpoints
import Core
import Encodings
import Storage
import System
import TestSupport
import Testing

/// Every layout in which people keep models is recognized.
struct LayoutTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func weight(_ name: String) -> TestTensor { TestTensor(name, .f32, [2], [1, 2]) }

  private func names(_ record: ModelRecord) -> [String] { record.tensors.map(\.name) }

  @Test func folderWithOneWeightFileIsAModelNamedAfterTheFolder() throws {
    try folder.write([weight("a"), weight("b")], to: "bert/model.safetensors")
    try folder.write("{}", to: "bert/config.json")
    let record = try Models.importOne(folder.at("bert"), into: folder.at("stores"))
    #expect(record.id == "bert")
    #expect(record.path == folder.at("bert"))
    #expect(names(record) == ["a", "b"])
    #expect(record.store == folder.at("stores/bert.h5"))
  }

  @Test func slashBehindTheFolderChangesNothing() throws {
    try folder.write([weight("a")], to: "bert/model.safetensors")
    let record = try Models.importOne(folder.at("bert/"), into: folder.at("stores"))
    #expect(record.id == "bert")
  }

  @Test func shardedModelIsPutTogetherFromItsIndex() throws {
    try folder.write([weight("a"), weight("b")], to: "m/model-00001-of-00002.safetensors")
    try folder.write([weight("c")], to: "m/model-00002-of-00002.safetensors")
    try folder.write(
      Safetensors.index([
        "a": "model-00001-of-00002.safetensors", "b": "model-00001-of-00002.safetensors",
        "c": "model-00002-of-00002.safetensors",
      ]), to: "m/model.safetensors.index.json")
    let record = try Models.importOne(folder.at("m"), into: folder.at("stores"))
    #expect(names(record) == ["a", "b", "c"])
    #expect(record.sources.count == 2)
  }

  @Test func tensorsThatTheIndexDoesNotNameStayOut() throws {
    try folder.write([weight("a"), weight("old")], to: "m/model-00001-of-00001.safetensors")
    try folder.write(
      Safetensors.index(["a": "model-00001-of-00001.safetensors"]),
      to: "m/model.safetensors.index.json")
    let record = try Models.importOne(folder.at("m"), into: folder.at("stores"))
    #expect(names(record) == ["a"])
  }

  @Test func pipelineIsOneModelWithItsComponentsAsPrefixes() throws {
    try folder.write("{}", to: "sd/model_index.json")
    try folder.write([weight("conv")], to: "sd/unet/diffusion_pytorch_model.safetensors")
    try folder.write([weight("conv")], to: "sd/vae/diffusion_pytorch_model.safetensors")
    try folder.write([weight("embed")], to: "sd/text_encoder/model.safetensors")
    try folder.write("{}", to: "sd/scheduler/scheduler_config.json")
    let record = try Models.importOne(folder.at("sd"), into: folder.at("stores"))
    #expect(record.id == "sd")
    #expect(Set(names(record)) == ["unet.conv", "vae.conv", "text_encoder.embed"])
  }

  @Test func pipelineIsRecognisedWithoutItsIndexToo() throws {
    try folder.write([weight("conv")], to: "sd/unet/diffusion_pytorch_model.safetensors")
    let record = try Models.importOne(folder.at("sd"), into: folder.at("stores"))
    #expect(names(record) == ["unet.conv"])
  }

  @Test func halfPrecisionVariantIsUsedWhenThereIsNoOther() throws {
    try folder.write([TestTensor("a", .f16, [1], [1])], to: "m/model.fp16.safetensors")
    try folder.write([weight("b")], to: "sd/unet/diffusion_pytorch_model.fp16.safetensors")
    #expect(names(try Models.importOne(folder.at("m"), into: folder.at("stores"))) == ["a"])
    #expect(names(try Models.importOne(folder.at("sd"), into: folder.at("stores"))) == ["unet.b"])
  }

  @Test func fullPrecisionIsPreferredToItsVariant() throws {
    try folder.write([TestTensor("a", .f16, [1], [1])], to: "m/model.fp16.safetensors")
    try folder.write([TestTensor("a", .f32, [1], [1])], to: "m/model.safetensors")
    let record = try Models.importOne(folder.at("m"), into: folder.at("stores"))
    #expect(record.tensors.map(\.array.encoding) == [.f32])
  }

  @Test func shardedVariantIsNeverMistakenForItsFirstPart() throws {
    let first = "diffusion_pytorch_model.fp16-00001-of-00002.safetensors"
    let second = "diffusion_pytorch_model.fp16-00002-of-00002.safetensors"
    try folder.write([weight("a")], to: "sd/unet/\(first)")
    try folder.write([weight("b")], to: "sd/unet/\(second)")
    #expect(names(try Models.importOne(folder.at("sd/unet"), into: folder.at("stores"))) == ["a", "b"])
    for index in [
      "diffusion_pytorch_model.safetensors.index.fp16.json",
      "diffusion_pytorch_model.fp16.safetensors.index.json",
    ] {
      try folder.write(Safetensors.index(["a": first, "b": second]), to: "sd/unet/\(index)")
      let record = try Models.importOne(folder.at("sd/unet"), into: folder.at("stores"))
      #expect(names(record) == ["a", "b"], "with \(index)")
      try folder.remove("sd/unet/\(index)")
    }
  }

  @Test func singleFileIsAModelNamedAfterTheFile() throws {
    try folder.write([weight("a")], to: "llama.v2.safetensors")
    let record = try Models.importOne(folder.at("llama.v2.safetensors"), into: folder.at("stores"))
    #expect(record.id == "llama.v2")
  }

  /// The length of a header may read as the mark of a pickle (0x80, 2 to 5), of ONNX (8, 1 to 20) or of anything else.
  @Test(arguments: [0x280, 0x380, 0x480, 0x580, 0x1208, 0x120708, 0x3a0708])
  func lengthsOfHeadersAreNoMarks(_ length: Int) throws {
    let tensors = [weight("a"), weight("b")]
    let plain = Safetensors.encode(tensors)
    let header = Array(plain[8..<8 + plain[..<8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }])
    let padding = Array(repeating: UInt8(ascii: " "), count: length - header.count)
    let bytes =
      (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header + padding + plain[(8 + header.count)...]
    let path = try folder.write(bytes, to: "m.weights")
    #expect(names(try Models.importOne(path, into: folder.at("stores"))) == ["a", "b"])
  }

  @Test func storeIsUsedWhereItIs() throws {
    try folder.write([weight("a")], to: "m.safetensors")
    let first = try Models.importOne(folder.at("m.safetensors"), into: folder.at("stores"))
    let again = try Models.importOne(first.store, into: folder.at("elsewhere"))
    #expect(again.id == "m")
    #expect(again.store == first.store)
    #expect(again.tensors == first.tensors)
    #expect(try folder.names(in: "elsewhere").isEmpty)
  }

  @Test func folderOfFoldersFilesAndStoresGivesEachModel() throws {
    try folder.write([weight("a")], to: "zoo/one/model.safetensors")
    try folder.write([weight("a")], to: "zoo/deep/two/model.safetensors")
    try folder.write([weight("a")], to: "zoo/three.safetensors")
    try folder.write([weight("a")], to: "four.safetensors")
    _ = try Models.importOne(folder.at("four.safetensors"), into: folder.at("zoo/stores"))
    try folder.write("not a model", to: "zoo/README.md")
    try folder.write([weight("a")], to: "zoo/.hidden/model.safetensors")
    let found = try ModelFinder([folder.at("zoo")])
    #expect(Set(found.models.map(\.id)) == ["one", "two", "three", "four"])
    #expect(found.models.allSatisfy { !$0.isExplicit })
    #expect(found.notes.map(\.text) == ["not read: '.hidden/model.safetensors'"])
  }

  @Test func hubCacheIsNamedAfterItsRepositoryAndFollowsItsLinks() throws {
    try folder.write([weight("a")], to: "hub/models--org--name/blobs/0123abcd")
    try folder.link(
      "hub/models--org--name/snapshots/f00d/model.safetensors", to: "../../blobs/0123abcd")
    let record = try Models.importOne(folder.at("hub"), into: folder.at("stores"))
    #expect(record.id == "org/name")
    #expect(names(record) == ["a"])
    #expect(record.store == folder.at("stores/org%2Fname.h5"))
  }

  @Test func linkToAFolderIsFollowed() throws {
    try folder.write([weight("a")], to: "real/model.safetensors")
    try folder.link("zoo/alias", to: folder.at("real"))
    let record = try Models.importOne(folder.at("zoo"), into: folder.at("stores"))
    #expect(record.id == "alias")
  }

  @Test func foldersThatLinkToEachOtherEndTheSearch() throws {
    try folder.write([weight("a")], to: "zoo/one/model.safetensors")
    try folder.link("zoo/round", to: folder.at("zoo"))
    #expect(try ModelFinder([folder.at("zoo")]).models.map(\.id) == ["one"])
  }

  @Test func fileOfTheReferenceImplementationIsRead() throws {
    struct Facts: Decodable { var values: [Double] }
    let path = folder.at("reference.safetensors")
    let facts: Facts = try Oracle.run("reference_safetensors.py", path)
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.tensors.map(\.name).sorted() == ["bias", "weight.ü"])
    let weight = try #require(record.tensors.first { $0.name == "weight.ü" })
    #expect(weight.shape.extents == [2, 3])
    let bytes = try folder.read("reference.safetensors")[weight.array.offset..<weight.array.offset + weight.bytes]
    let expected = TestTensor("weight.ü", .f32, [2, 3], facts.values)
    #expect(Array(bytes) == expected.bytes)
  }
}
