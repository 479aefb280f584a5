import Checkpoints
import Core
import Glibc
import Storage
import System
import TestSupport
import Testing

/// Folders that lack something: an error when named, a note when found beside others.
struct DamagedFolderTests {
  private let folder: TemporaryFolder
  private let tensors = [TestTensor("a", .f32, [1], [1])]

  init() throws { folder = try TemporaryFolder() }

  /// What is said about a path that somebody named.
  private func refusal(of path: String) throws -> Failure {
    let error = try #require(
      failure {
        for model in try ModelFinder([path]).models {
          _ = try Importer.importModel(model, into: folder.makeFolder("stores"), mode: .external)
        }
      }, "nothing was wrong with \(path)")
    #expect(error.kind == .badInput)
    #expect(error.message.contains(path))
    #expect(!error.advice.isEmpty)
    return error
  }

  private func shard(_ index: [String: String]) throws {
    try folder.write(tensors, to: "m/model-00001-of-00002.safetensors")
    try folder.write(Safetensors.index(index), to: "m/model.safetensors.index.json")
  }

  @Test func missingPathIsNamed() throws {
    #expect(try refusal(of: folder.at("nowhere")).message.contains("does not exist"))
    try folder.link("dangling.safetensors", to: folder.at("gone"))
    #expect(try refusal(of: folder.at("dangling.safetensors")).message.contains("does not exist"))
  }

  @Test func emptyFolderIsNamed() throws {
    try folder.makeFolder("empty")
    #expect(try refusal(of: folder.at("empty")).message.contains("holds no model"))
  }

  @Test func emptyFolderBesideAModelIsAnErrorToo() throws {
    let good = try folder.write(tensors, to: "good.safetensors")
    let empty = try folder.makeFolder("empty")
    let error = try #require(failure { _ = try ModelFinder([good, empty]) })
    #expect(error.message.contains("'\(empty)' holds no model"))
  }

  @Test func missingPartIsNamedWithTheTensorsItHolds() throws {
    try shard([
      "a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors",
      "c": "model-00002-of-00002.safetensors",
    ])
    let error = try refusal(of: folder.at("m"))
    #expect(error.message.contains("lacks 'model-00002-of-00002.safetensors'"))
    #expect(error.message.contains("2 tensors"))
  }

  @Test(arguments: ["../secret.safetensors", "/etc/passwd", "..", "sub/x.safetensors", ""])
  func indexThatPointsOutsideItsFolderIsRefused(_ file: String) throws {
    try folder.write(tensors, to: "secret.safetensors")
    try shard(["a": "model-00001-of-00002.safetensors", "b": file])
    let error = try refusal(of: folder.at("m"))
    #expect(error.message.contains("points outside its folder: '\(file)'"))
  }

  @Test func anIndexOfOtherTensorsIsRefused() throws {
    try shard(["b": "model-00001-of-00002.safetensors", "c": "model-00001-of-00002.safetensors"])
    let error = try refusal(of: folder.at("m"))
    #expect(error.message.contains("model-00001-of-00002.safetensors"))
    #expect(error.message.contains("lacks all 2 tensors") && error.message.contains("'b'"))
  }

  @Test func aTensorThatOnlyTheIndexNamesIsNoted() throws {
    try shard(["a": "model-00001-of-00002.safetensors", "b": "model-00001-of-00002.safetensors"])
    let record = try Models.importOne(folder.at("m"), into: folder.at("stores"))
    #expect(record.tensors.map(\.name) == ["a"])
    #expect(record.checkpoint.notes.count == 1 && record.checkpoint.notes[0].contains("expects 'b'"))
  }

  @Test(arguments: ["{\"metadata\":{}}", "{\"weight_map\":[]}", "{\"weight_map\":{\"a\":1}}", "no JSON", ""])
  func indexWithoutAWeightMapIsRefused(_ index: String) throws {
    try folder.write(index, to: "m/model.safetensors.index.json")
    let error = try refusal(of: folder.at("m"))
    #expect(error.message.contains("model.safetensors.index.json"))
    #expect(error.message.contains("weight_map"))
  }

  @Test func indexOfNothingIsRefused() throws {
    try folder.write("{\"weight_map\":{}}", to: "m/model.safetensors.index.json")
    #expect(try refusal(of: folder.at("m")).message.contains("names no tensors"))
  }

  @Test func partWithoutAnIndexIsRefused() throws {
    try folder.write(tensors, to: "m/model-00001-of-00002.safetensors")
    let error = try refusal(of: folder.at("m"))
    #expect(error.message.contains("'model-00001-of-00002.safetensors'"))
    #expect(error.message.contains("1 of 2 parts") && error.message.contains("part 2 is missing"))
  }

  @Test(arguments: ["pytorch_model.bin", "model.pt", "model.ckpt", "pytorch_lora_weights.bin"])
  func filesThatAreNoWeightsAreNamed(_ name: String) throws {
    try folder.write([0], to: "m/\(name)")
    #expect(try refusal(of: folder.at("m")).message.contains("\(name)' is not a file of weights"))
  }

  @Test(arguments: ["model.nemo", "model.keras", "flax_model.msgpack", "__0_0.distcp", "model.tflite"])
  func formsThatAreNotReadAreNamed(_ name: String) throws {
    try folder.write([0], to: "m/\(name)")
    let error = try refusal(of: folder.at("m"))
    #expect(error.message.contains("'\(name)', ") && error.message.contains("convert"))
  }

  @Test func sameTensorInTwoPartsIsNamedWithTheSecond() throws {
    try folder.write("{}", to: "m/model_index.json")
    try folder.write([TestTensor("b.w", .f32, [1], [1])], to: "m/a/model.safetensors")
    try folder.write([TestTensor("w", .f32, [1], [1])], to: "m/a.b/model.safetensors")
    let error = try refusal(of: folder.at("m"))
    #expect(error.message.contains("'a.b.w' comes twice"))
    #expect(error.message.contains("model.safetensors"))
  }

  @Test func brokenModelsFoundBesideAGoodOneAreNoted() throws {
    try folder.write(tensors, to: "zoo/good/model.safetensors")
    try folder.write(tensors, to: "zoo/part/model-00001-of-00002.safetensors")
    try folder.write([0], to: "zoo/torch/pytorch_model.bin")
    try folder.write(
      Safetensors.index(["a": "model-00001-of-00001.safetensors"]),
      to: "zoo/unfinished/model.safetensors.index.json")
    try folder.makeFolder("zoo/empty")
    let found = try ModelFinder([folder.at("zoo")])
    #expect(found.models.map(\.id) == ["good", "torch"])
    #expect(found.notes.map(\.subject) == ["part", "unfinished"].map { folder.at("zoo/\($0)") })
    #expect(found.notes.allSatisfy { $0.text.hasPrefix("skipped: ") })
  }

  @Test func namedModelsAreToldApartFromFoundOnes() throws {
    try folder.write(tensors, to: "zoo/found/model.safetensors")
    try folder.write(tensors, to: "named/model.safetensors")
    let models = try ModelFinder([folder.at("zoo"), folder.at("named")]).models
    #expect(models.map(\.isExplicit) == [false, true])
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func filesThatMayNotBeReadAreNamed() throws {
    try folder.write(tensors, to: "m/model.safetensors")
    try folder.setPermissions(0o000, of: "m/model.safetensors")
    #expect(try refusal(of: folder.at("m/model.safetensors")).message.contains("Permission denied"))
    try folder.setPermissions(0o000, of: "m")
    #expect(try refusal(of: folder.at("m")).message.contains("cannot list"))
    try folder.setPermissions(0o700, of: "m")
  }

  @Test func storeFolderThatCannotBeMadeIsNamed() throws {
    try folder.write("a file", to: "file")
    let error = try #require(failure { try Importer.prepare(folder: folder.at("file/stores")) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains(folder.at("file/stores")))
  }
}
