internal import Alignment
internal import Checkpoints
internal import Core
package import Storage
package import System

/// Paths in, a collection out: finds and imports models, with one rule for what is broken.
package struct CollectionLoader {
  private let folder: String
  private let mode: ModelStoreWriter.Mode

  /// - Parameter folder: where the stores of models that are not stores yet are made.
  package init(stores folder: String, mode: ModelStoreWriter.Mode) {
    self.folder = folder
    self.mode = mode
  }

  /// - Throws: `Failure` when a model named by the user is broken. One that was only found in a folder is skipped
  ///   with a note.
  package func load(_ paths: [String]) throws(Failure) -> ModelCollection {
    let finder = try ModelFinder(paths)
    var collection = ModelCollection(models: [], notes: finder.notes)
    try Importer.prepare(folder: folder)
    for source in finder.models {
      do throws(Failure) {
        collection.models.append(try Importer.importModel(source, into: folder, mode: mode))
      } catch {
        guard !source.isExplicit, error.kind == .badInput else { throw error }
        collection.notes.append(Note(subject: source.id, text: "skipped: \(error.message)"))
      }
    }
    // What is kept for other runs is kept as it came.
    guard mode == .places else { return collection }
    let aligned = try Aligner.aligned(collection.models)
    collection.alignment = aligned.maps
    for (number, model) in aligned.models.enumerated() {
      // The store of an adapter has its factors already.
      let isNew = model.adapter == nil && model.tensors != collection.models[number].tensors
      collection.models[number] = isNew ? try Importer.rewrite(model, into: folder) : model
    }
    return collection
  }
}
