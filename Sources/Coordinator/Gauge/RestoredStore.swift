internal import Checkpoints
internal import Core
internal import Encodings
internal import Foundation
internal import Storage
internal import System

/// The folder that keeps restored models, so that each is computed once: a store and a note for each, and what was tried
/// in vain.
struct RestoredStore {
  private let folder: String

  init(folder: String) { self.folder = folder }

  /// What is kept of a model.
  struct Note: Codable {
    /// Of the model and of the one that it was brought into the coordinates of.
    var own: String
    var reference: String
    /// nil: the two could not be aligned.
    var restoration: Restoration?
  }

  /// A fingerprint of the model's files and of some of its weights.
  static func key(of model: ModelRecord) throws(Failure) -> String {
    var print = SHA256()
    print.add("\(version)\u{0}\(model.id)\u{0}")
    for source in model.sources { print.add("\(source.bytes)\u{0}\(source.modified)\u{0}\(source.header)\u{0}") }
    for tensor in model.tensors { print.add("\(tensor.name)\u{0}\(tensor.shape)\u{0}") }
    print.add(try WeightSample.fingerprints(of: [model]).joined())
    return print.digest.text
  }

  /// Of the mathematics: another version computes other weights.
  private static let version = 2

  /// What is known of a model with this key and one of these references.
  func notes(of model: ModelRecord, key: String) -> [Note] {
    guard let data = try? BoundedFile.read(notePath(model), limit: 1 << 20),
      let notes = try? JSONDecoder().decode([Note].self, from: data)
    else { return [] }
    return notes.filter { $0.own == key }
  }

  func keep(_ notes: [Note], of model: ModelRecord) throws(Failure) {
    try Importer.prepare(folder: folder)
    try AtomicFile.write(JSONText.of(notes), to: notePath(model))
  }

  /// The model with the weights that were kept for it.
  ///
  /// - Returns: nil where they are gone.
  func model(_ model: ModelRecord, _ restoration: Restoration) -> ModelRecord? {
    guard let store = try? ModelStore(path: storePath(model)), let tensors = try? store.tensors() else { return nil }
    var restored = model
    restored.tensors = zip(tensors, model.tensors).map { Self.marked($0, as: $1) }
    restored.restored = (restoration, model.tensors)
    return restored
  }

  /// The numbers of a restored tensor, known to be as coarse as those that they were computed from.
  private static func marked(_ tensor: StoredTensor, as original: StoredTensor) -> StoredTensor {
    guard case .stored(let array) = tensor.recipe, array.encoding == .f32,
      let coarsest = original.encodings.max(by: { $0.collinearity < $1.collinearity })
    else { return tensor }
    return StoredTensor(
      name: tensor.name, encoding: coarsest.forComputed, shape: tensor.shape, file: array.file, offset: array.offset)
  }

  /// - Parameter values: of a tensor, by its place.
  func write(_ model: ModelRecord, values: (Int) throws(Failure) -> [Float]) throws(Failure) {
    try Importer.prepare(folder: folder)
    try ModelStoreWriter.write(
      to: storePath(model), model: model.id, tensors: model.tensors.map { ($0.name, $0.shape) },
      sources: model.sources, checkpoint: model.checkpoint, values: values)
  }

  /// What a view was made from.
  struct ViewNote: Codable, Equatable {
    /// Keys of the wider and of the narrower model.
    var wide: String
    var narrow: String
    var map: WidthMap

    /// Short, and different for views that differ.
    var digest: String {
      var hash = SHA256()
      hash.add(JSONText.of(self))
      return String(hash.digest.text.prefix(12))
    }
  }

  /// The tensors of a view, which are computed unless they are there already.
  ///
  /// - Parameters:
  ///   - tensors: names and shapes.
  ///   - originals: the tensors that they are parts of.
  ///   - values: of a tensor, by its place.
  func view(
    _ view: ModelRecord, as tensors: [(name: String, shape: TensorShape)], from originals: [StoredTensor],
    note: ViewNote, values: (Int) throws(Failure) -> [Float]
  ) throws(Failure) -> [StoredTensor] {
    let known = (try? BoundedFile.read(notePath(view), limit: 1 << 26)).flatMap {
      try? JSONDecoder().decode(ViewNote.self, from: $0)
    }
    var stored = known == note ? try? ModelStore(path: storePath(view)).tensors() : nil
    if stored == nil {
      try Importer.prepare(folder: folder)
      try? FileManager.default.removeItem(atPath: notePath(view))
      try ModelStoreWriter.write(
        to: storePath(view), model: view.id, tensors: tensors, sources: view.sources, checkpoint: view.checkpoint,
        values: values)
      try AtomicFile.write(JSONText.of(note), to: notePath(view))
      stored = try ModelStore(path: storePath(view)).tensors()
    }
    return zip(stored ?? [], originals).map { Self.marked($0, as: $1) }
  }

  private func storePath(_ model: ModelRecord) -> String { "\(folder)/\(Importer.fileName(for: model.id)).h5" }
  private func notePath(_ model: ModelRecord) -> String { "\(folder)/\(Importer.fileName(for: model.id)).json" }
}
