internal import Core
package import Encodings
package import Storage
package import System

/// A model as its store describes it: everything that planning needs, and no weights.
package struct ModelRecord: Sendable {
  package var id: String
  /// The folder or file that people know the model by.
  package var path: String
  package var store: String
  package var tensors: [StoredTensor]
  package var setAside: [SkippedTensor]
  package var sources: [SourceFile]
  /// The checkpoint that it was imported from.
  package var checkpoint: CheckpointFacts
  /// Of a model that was brought into the coordinates of another one: how, and its tensors as its files have them.
  package var restored: (restoration: Restoration, original: [StoredTensor])?
  /// Of a model that is narrower than relatives of it: what it has kept of them.
  package var width: WidthCorrespondence?
  /// Of a view, which holds what a narrower model has kept of this one and is no model of the collection: its id.
  package var viewed: String?
  /// Of an adapter that is not merged into its base; `tensors` are then the weights that it replaces.
  package var adapter: Adapter?

  package init(
    id: String, path: String, store: String, tensors: [StoredTensor], setAside: [SkippedTensor],
    sources: [SourceFile], checkpoint: CheckpointFacts = CheckpointFacts(), adapter: Adapter? = nil
  ) {
    self.id = id
    self.path = path
    self.store = store
    self.tensors = tensors
    self.setAside = setAside
    self.sources = sources
    self.checkpoint = checkpoint
    self.adapter = adapter
  }

  /// Reads a store, and checks that its weights have neither changed nor disappeared since the import.
  package init(id: String, path: String, store: String) throws(Failure) {
    let opened = try ModelStore(path: store)
    let tensors = try opened.tensors()
    // A tensor that occurs twice or is empty cannot be planned.
    var names: Set<ByteString> = []
    for tensor in tensors where !names.insert(ByteString(tensor.name)).inserted || tensor.shape.elements == 0 {
      throw .badInput(
        "'\(store.printable)' is not a complete model store: the tensor '\(tensor.name.printable)' "
          + (tensor.shape.elements == 0 ? "has no weights" : "occurs twice"), advice: "import the model again")
    }
    try self.init(
      id: id, path: path, store: store, storing: tensors, setAside: try opened.setAside(),
      sources: try opened.sources(), checkpoint: try opened.checkpoint(),
      adapterConfiguration: try opened.adapterConfiguration())
  }

  /// From what a store holds.
  init(
    id: String, path: String, store: String, storing stored: [StoredTensor], setAside: [SkippedTensor],
    sources: [SourceFile], checkpoint: CheckpointFacts, adapterConfiguration: String?
  ) throws(Failure) {
    var tensors = stored
    var adapter: Adapter?
    if let adapterConfiguration {
      adapter = try Adapter(
        takingFrom: &tensors, configuration: adapterConfiguration, metadata: checkpoint.metadata, path: path)
    }
    self.init(
      id: id, path: path, store: store, tensors: tensors, setAside: setAside, sources: sources,
      checkpoint: checkpoint, adapter: adapter)
    try verifySources()
  }

  /// - Throws: `Failure` when weights have changed or are gone since the import. A copied store does
  ///   not need its sources any more.
  package func verifySources() throws(Failure) {
    for source in neededSources { try source.verify(model: id) }
  }

  /// Checks the files that are still there.
  ///
  /// - Returns: paths of the files that are gone.
  /// - Throws: `Failure` (bad input) when one of the others has changed since the import.
  package func verifyPresentSources() throws(Failure) -> [String] {
    var gone: [String] = []
    for source in neededSources {
      if SourceFile.status(of: source.path) == nil {
        gone.append(source.path)
      } else {
        try source.verify(model: id)
      }
    }
    return gone
  }

  private var neededSources: [SourceFile] {
    let needed = Set((restored?.original ?? tensors).flatMap(\.files))
    return sources.filter { needed.contains($0.path) }
  }

  /// Are the tensors' names and shapes the same, in the same order?
  package func hasSameTensors(as other: ModelRecord) -> Bool {
    tensors.count == other.tensors.count
      && zip(tensors, other.tensors).allSatisfy { ByteString($0.name) == ByteString($1.name) && $0.shape == $1.shape }
  }

  /// Unit roundoff of the type that most of the weights are stored in.
  package var rounding: Double { (encodings.first ?? .f32).roundoff }

  /// `Encoding.noise` of the type that most of the weights are stored in.
  package var noise: Double { (encodings.first ?? .f32).noise }

  /// As its files have them: weights and factors of updates.
  private var stored: [StoredTensor] {
    (restored?.original ?? tensors) + (adapter?.updates.flatMap { [$0.down, $0.up] } ?? [])
  }

  /// Weights that can be compared, in bytes.
  package var bytes: Int { stored.reduce(0) { $0 + $1.bytes } }

  package var parameters: Int { stored.reduce(0) { $0 + $1.shape.elements } }

  /// The scheme of quantized weights that it has and that cannot be read; nil where there are none.
  package var unreadScheme: String? { setAside.first { QuantizedTensors.isScheme($0.type) }?.type }

  /// How its weights are stored, in people's words, the encoding with most bytes first.
  package var encodingTitles: [String] {
    var titles: [String] = []
    for encoding in encodings where !titles.contains(encoding.title) { titles.append(encoding.title) }
    return titles
  }

  /// How its weights are stored, the encoding with most bytes first.
  package var encodings: [Encoding] {
    var sizes: [Encoding: Int] = [:]
    for tensor in stored { sizes.merge(tensor.bytesByEncoding) { $0 + $1 } }
    return sizes.sorted { ($1.value, $0.key.name) < ($0.value, $1.key.name) }.map(\.key)
  }
}
