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

/// What happened to the models' files while their shards were computed.
struct SourceCheckTests {
  private let folder: TemporaryFolder
  private let models: [ModelRecord]
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    let paths = [try folder.makeFamily()]
    models = try CollectionLoader(stores: folder.at("stores"), mode: .places).load(paths).models
    file = folder.at("models/root1/model.safetensors")
  }

  private func check() throws { try SourceCheck.afterComputing(models, run: "/run") }

  @Test func unchangedFilesPass() throws { try check() }

  @Test func aFileThatHasGoneCanBePutBack() throws {
    try folder.remove("models/root1/model.safetensors")
    let error = try #require(thrown { try check() })
    #expect(error.kind == .resumable)
    #expect(error.message.contains(file))
    #expect(error.advice.hasSuffix("modeltree resume /run"))
  }

  @Test func aFileThatHasChangedMixesWeights() throws {
    try folder.truncate("models/root1/model.safetensors", to: 100)
    let error = try #require(thrown { try check() })
    #expect(error.kind == .badInput)
    #expect(error.message.contains(file) && error.message.contains("mixes old and new weights"))
    #expect(error.advice.contains("--redo"))
  }
}
