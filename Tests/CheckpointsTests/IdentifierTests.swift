import Checkpoints
import Core
import Storage
import System
import TestSupport
import Testing

/// A model's id is its own name, with as much of its path as makes it unique.
struct IdentifierTests {
  private let folder: TemporaryFolder
  private let tensors = [TestTensor("a", .f32, [1], [1])]

  init() throws { folder = try TemporaryFolder() }

  @Test func parentFoldersKeepModelsOfOneNameApart() throws {
    for path in ["x/bert", "y/bert", "y/gpt"] {
      try folder.write(tensors, to: "\(path)/model.safetensors")
    }
    let found = try ModelFinder([folder.at("x/bert"), folder.at("y")])
    #expect(found.models.map(\.id) == ["x/bert", "y/bert", "gpt"])
  }

  @Test func asManyParentsAreTakenAsItNeeds() throws {
    for path in ["a/run/last", "b/run/last"] {
      try folder.write(tensors, to: "\(path)/model.safetensors")
    }
    let found = try ModelFinder([folder.at("a"), folder.at("b")])
    #expect(found.models.map(\.id) == ["a/run/last", "b/run/last"])
  }

  @Test func formsOfOneNameInOneFolderAreNumbered() throws {
    let path = try folder.write(tensors, to: "m.safetensors")
    _ = try Models.importOne(path, into: folder.path)
    let found = try ModelFinder([path, folder.at("m.h5")])
    #expect(Set(found.models.map(\.id)).count == 2)
  }

  @Test func unusualIdsGetFileNamesOfTheirOwn() throws {
    try folder.write(tensors, to: "ü 1/model.safetensors")
    try folder.write(tensors, to: "ü%201/model.safetensors")
    try folder.write(tensors, to: "\(String(repeating: "x", count: 250))/model.safetensors")
    try folder.write(tensors, to: "\(String(repeating: "x", count: 251))/model.safetensors")
    let found = try ModelFinder([folder.path])
    try Importer.prepare(folder: folder.at("stores"))
    for model in found.models {
      _ = try Importer.importModel(model, into: folder.at("stores"), mode: .external)
    }
    let names = try folder.names(in: "stores")
    #expect(names.count == 4)
    #expect(names.contains("%C3%BC%201.h5"))
    #expect(names.contains("%C3%BC%25201.h5"))
    #expect(names.allSatisfy { $0.utf8.count <= 255 && $0.utf8.allSatisfy { $0 < 128 } })
  }

  @Test func samePathTwiceIsUsedOnceAndNoted() throws {
    let path = try folder.write(tensors, to: "m.safetensors")
    try folder.link("alias.safetensors", to: path)
    let found = try ModelFinder([path, path, folder.at("alias.safetensors")])
    #expect(found.models.map(\.id) == ["m"])
    #expect(found.notes.map(\.text) == ["given twice, used once", "given twice, used once"])
    #expect(found.notes.last?.subject == folder.at("alias.safetensors"))
  }

  @Test func orderIsTheOneGivenAndAlphabeticalInsideFolders() throws {
    for name in ["c", "a", "b"] { try folder.write(tensors, to: "zoo/\(name).safetensors") }
    let last = try folder.write(tensors, to: "0.safetensors")
    #expect(try ModelFinder([folder.at("zoo"), last]).models.map(\.id) == ["a", "b", "c", "0"])
    #expect(try ModelFinder([last, folder.at("zoo")]).models.map(\.id) == ["0", "a", "b", "c"])
  }
}
