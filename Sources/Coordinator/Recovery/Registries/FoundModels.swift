package import Checkpoints
package import Core
internal import Foundation
internal import Storage
package import System

/// Models below some paths, as they come: not brought into the form of others.
package struct FoundModels {
  package let sources: [ModelSource]
  /// What was passed over, and why.
  package let notes: [Note]
  private let folder: String

  /// - Parameters:
  ///   - paths: as for a recovery.
  ///   - folder: for the stores that say where weights are.
  package init(_ paths: [String], folder: String) throws(Failure) {
    let finder = try ModelFinder(paths)
    sources = finder.models
    notes = finder.notes
    self.folder = folder
    try Importer.prepare(folder: folder)
  }

  /// - Throws: `Failure` (bad input) when the model is broken.
  package func record(of source: ModelSource) throws(Failure) -> ModelRecord {
    try Importer.importModel(source, into: folder, mode: .places)
  }

  /// Removes what `record` made for a model that is not needed any more.
  package func forget(_ record: ModelRecord) {
    // A store that was there before is the user's own.
    let own = URL(fileURLWithPath: folder).standardizedFileURL.path + "/"
    if record.store.hasPrefix(own) { try? FileManager.default.removeItem(atPath: record.store) }
  }
}
