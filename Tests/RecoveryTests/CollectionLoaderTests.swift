import Checkpoints
import Coordination
import Core
import Graph
import Monitoring
import Recovery
import Storage
import System
import Testing
import TestSupport

/// Finding and importing models, with one rule for what is broken.
struct CollectionLoaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ paths: String...) throws -> ModelCollection {
    try CollectionLoader(stores: folder.at("stores"), mode: .places).load(paths)
  }

  @Test func aBrokenModelInAFolderIsSkippedAndANamedOneIsAnError() throws {
    let models = try folder.makeFamily()
    let broken = try folder.write("not a model", to: "models/broken/model.safetensors")
    let collection = try load(models)
    #expect(collection.models.map(\.id) == ["child1-0", "child1-1", "root1"])
    #expect(collection.notes.map(\.subject) == ["broken"])
    #expect(collection.notes[0].text.hasPrefix("skipped: "))
    let error = try #require(thrown { _ = try load(models, folder.at("models/broken")) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains(broken))
  }

  @Test func theStoresOfARunBelowTheModelsAreNotModels() throws {
    try folder.makeFamily()
    try folder.makeFamily("models/run/store", seed: 2)
    try folder.write("", to: "models/run/journal.sqlite")
    let collection = try load(folder.at("models"))
    #expect(collection.models.map(\.id) == ["child1-0", "child1-1", "root1"])
    #expect(collection.notes.isEmpty)
    // Whoever names the stores of a run means them.
    #expect(try load(folder.at("models/run/store")).models.map(\.id) == ["child2-0", "child2-1", "root2"])
  }
}
