internal import Alignment
internal import Checkpoints
internal import Core
internal import Gauge
internal import Naming
package import Storage
package import System

/// Paths in, a collection out: finds and imports models, with one rule for what is broken.
package struct CollectionLoader {
  private let folder: String
  private let mode: ModelStoreWriter.Mode
  private let restored: String?
  private let hasWidths: Bool

  /// - Parameters:
  ///   - folder: where the stores of models that are not stores yet are made.
  ///   - mode: do these stores hold weights, or say where they lie?
  ///   - restored: where models are kept that were brought into the coordinates of others; nil: none are.
  ///   - hasWidths: where models are brought into the coordinates of others, are narrower ones looked for, too?
  package init(
    stores folder: String, mode: ModelStoreWriter.Mode, restored: String? = nil, hasWidths: Bool = true
  ) {
    self.folder = folder
    self.mode = mode
    self.restored = restored
    self.hasWidths = hasWidths
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
    collection.imported = collection.models
    // What is kept for other runs is kept as it came.
    guard mode == .places else { return collection }
    var widths = WidthAlignment.Outcome()
    if let restored {
      let outcome = try DisguiseRemoval.apply(to: collection.models, folder: restored)
      collection.models = outcome.models
      if hasWidths {
        widths = try WidthAlignment.apply(to: collection.models, folder: restored)
      } else if try WidthAlignment.isNeeded(for: collection.models) {
        widths.notes.append(
          Note(
            subject: "narrower models",
            text:
              "were not looked for: a number of families was asked for (--families), which is one of models that are all compared as they are"
          ))
      }
      collection.notes += outcome.notes + widths.notes
    }
    var aligned = try Aligner.aligned(collection.models)
    for (number, model) in widths.narrower { aligned.models[number] = model }
    for (number, map) in widths.maps { aligned.maps[number] = map }
    collection.alignment = aligned.maps
    for (number, model) in aligned.models.enumerated() {
      // The store of an adapter has its factors already.
      let isNew =
        model.adapter == nil && (model.restored != nil || model.tensors != collection.models[number].tensors)
      collection.models[number] = isNew ? try Importer.rewrite(model, into: folder) : model
    }
    try add(widths, to: &collection)
    return collection
  }

  private func add(_ widths: WidthAlignment.Outcome, to collection: inout ModelCollection) throws(Failure) {
    let first = collection.models.count
    for view in widths.views { collection.models.append(try Importer.rewrite(view, into: folder)) }
    collection.alignment += widths.viewMaps
    collection.widths = widths.groups.map { $0.members.sorted() + $0.views.map { first + $0 } }
    guard !collection.widths.isEmpty else { return }
    // Adapters go where the only models are that have what they change.
    struct Place: Hashable {
      var name: String
      var rows: Int
      var columns: Int
    }
    func places(_ members: [Int]) -> Set<Place> {
      var found: Set<Place> = []
      for model in members where collection.models[model].adapter == nil {
        for tensor in collection.alignment[model].tensors where tensor.role == .linear {
          found.insert(Place(name: tensor.name, rows: tensor.shape.rows, columns: tensor.shape.columns))
        }
      }
      return found
    }
    let (plain, own) = (places(collection.plain), collection.widths.map(places))
    for (model, record) in collection.models.enumerated() {
      guard let adapter = record.adapter, !adapter.isWithoutBase else { continue }
      let changed = zip(adapter.updates, collection.alignment[model].updates).map {
        Place(name: $1.name, rows: $0.rows, columns: $0.columns)
      }
      guard plain.isDisjoint(with: changed), let section = own.firstIndex(where: { !$0.isDisjoint(with: changed) })
      else { continue }
      collection.widths[section] = (collection.widths[section] + [model]).sorted()
    }
  }
}
