internal import Core
internal import Encodings
internal import Foundation
package import Storage
package import System

/// Makes model stores from what was found on disk.
package enum Importer {
  /// Imports one model.
  ///
  /// - Parameters:
  ///   - folder: where the store goes, named after the model's id. A source that is a store
  ///     already is used where it is.
  /// - Throws: `Failure` naming the file and the tensor that is not as it should be.
  package static func importModel(_ source: ModelSource, into folder: String, mode: ModelStoreWriter.Mode)
    throws(Failure) -> ModelRecord
  {
    switch source.content {
    case .store(let path):
      return try ModelRecord(id: source.id, path: source.path, store: absolute(path))
    case .weights(let files):
      let store = absolute("\(folder)/\(fileName(for: source.id)).h5")
      return try write(files, of: source, to: store, mode)
    case .adapter(let file, let configuration):
      let store = absolute("\(folder)/\(fileName(for: source.id)).h5")
      return try write([file], of: source, to: store, mode, adapter: configuration)
    }
  }

  /// Makes the folder that stores go to.
  package static func prepare(folder: String) throws(Failure) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(
        "cannot make the folder '\(folder.printable)': \((error as NSError).localizedDescription)",
        advice: "choose a folder that you may write to")
    }
  }

  private static func write(
    _ files: [ModelSource.File], of source: ModelSource, to store: String, _ mode: ModelStoreWriter.Mode,
    adapter: String? = nil
  ) throws(Failure) -> ModelRecord {
    let contents = try ModelContents(files, of: source)
    var checkpoint = contents.checkpoint
    var tensors: [StoredTensor] = []
    var setAside: [SkippedTensor] = []
    for entry in QuantizedTensors.assemble(
      contents.entries, metadata: checkpoint.metadata, details: contents.details)
    {
      if case .recipe(let recipe) = entry.content, entry.shape.elements > 0 {
        tensors.append(StoredTensor(name: entry.name, shape: entry.shape, recipe: recipe))
      } else {
        var reason: String?
        if case .unread(let why) = entry.content { reason = why }
        setAside.append(
          SkippedTensor(name: entry.name, type: entry.type, extents: entry.shape.extents, reason: reason))
      }
    }
    // Factors of adapters are zero before training.
    if adapter == nil { checkpoint.notes += try ZeroTail.remove(from: &tensors) }
    try ModelStoreWriter.write(
      to: store, model: source.id, tensors: tensors, setAside: setAside, sources: contents.sources,
      checkpoint: checkpoint, adapter: adapter, mode: mode)
    guard mode != .copy else { return try ModelRecord(id: source.id, path: source.path, store: store) }
    // What was written is known, and need not be read again.
    return try ModelRecord(
      id: source.id, path: source.path, store: store, storing: tensors, setAside: setAside, sources: contents.sources,
      checkpoint: checkpoint, adapterConfiguration: adapter)
  }

  /// Gives a model whose tensors are obtained in another way than from its store a store that says so.
  ///
  /// - Parameter folder: where the store goes.
  package static func rewrite(_ model: ModelRecord, into folder: String) throws(Failure) -> ModelRecord {
    var model = model
    model.store = absolute("\(folder)/\(fileName(for: model.id)).h5")
    try ModelStoreWriter.write(
      to: model.store, model: model.id, tensors: model.tensors, setAside: model.setAside, sources: model.sources,
      checkpoint: model.checkpoint, mode: .places)
    return model
  }

  static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  /// Ids come from files; as a file name, everything unusual is percent-encoded.
  package static func fileName(for id: String) -> String {
    var name = ""
    for byte in id.utf8 {
      let plain =
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (byte == UInt8(ascii: ".") && !name.isEmpty)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      if plain {
        name.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        name += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    // File systems allow 255 bytes; the fingerprint keeps long names apart.
    return name.utf8.count <= 200 ? name : "\(name.prefix(180))~\(Fingerprint(of: id.utf8).text)"
  }
}
