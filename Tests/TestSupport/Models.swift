package import Checkpoints
internal import Core
package import Storage
package import System

/// Imports what a test wrote.
package enum Models {
  /// Imports the only model below a path.
  package static func importOne(
    _ path: String, into store: String, mode: ModelStoreWriter.Mode = .external
  ) throws -> ModelRecord {
    let found = try ModelFinder([path])
    precondition(found.models.count == 1, "\(found.models.map(\.id)) below \(path)")
    try Importer.prepare(folder: store)
    return try Importer.importModel(found.models[0], into: store, mode: mode)
  }

  /// Writes one safetensors file per model and imports all of them.
  package static func make(
    _ models: [[TestTensor]], in folder: TemporaryFolder, mode: ModelStoreWriter.Mode = .external
  ) throws -> [ModelRecord] {
    try models.enumerated().map { index, tensors in
      let path = try folder.write(tensors, to: "weights/m\(index).safetensors")
      return try importOne(path, into: folder.at("stores"), mode: mode)
    }
  }
}

/// The failure that `body` ends with; nil when it ends well.
package func failure(of body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch let failure as Failure {
    return failure
  } catch {
    return Failure(.unclassified, "not a Failure, but \(type(of: error)): \(error)")
  }
}
