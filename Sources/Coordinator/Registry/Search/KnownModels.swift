package import Fingerprints
package import Storage
package import System

/// The models of a collection in a registry: what a search looks at first of each is in memory, the rest is read when it
/// is asked for.
package struct KnownModels: Sendable {
  /// A model as it is looked for.
  package struct Wanted: Sendable {
    package var id: String
    package var files: [SourceFile]
    /// `ModelFingerprint.identity`, where it was computed: the same weights may be there with other files.
    package var identity: String?

    package init(id: String, files: [SourceFile], identity: String? = nil) {
      self.id = id
      self.files = files
      self.identity = identity
    }
  }

  struct Known: Sendable {
    enum Fingerprint: Sendable {
      case stored(Segment.Place)
      case held(ModelFingerprint)
    }

    var row: IndexRow
    var fingerprint: Fingerprint
  }

  private let reader: RegistryReader
  /// Per model; nil where the registry does not have it.
  private(set) var models: [Known?]

  /// Per model: is it in the registry?
  package var areKnown: [Bool] { models.map { $0 != nil } }

  /// - Throws: `Failure` (bad input) when there is no registry, or it cannot be read.
  package init(_ path: String, _ wanted: [Wanted]) throws(Failure) {
    reader = try RegistryReader(path)
    var stamps: [UInt64: [Int]] = [:]
    var keys: [UInt64: [Int]] = [:]
    for (number, model) in wanted.enumerated() {
      if !model.files.isEmpty { stamps[IndexRow.stamp(of: model.id, model.files), default: []].append(number) }
      if let identity = model.identity { keys[IndexRow.key(of: model.id, identity), default: []].append(number) }
    }
    var found: [Known?] = Array(repeating: nil, count: wanted.count)
    for number in try reader.folder.segments() {
      _ = try SegmentIndex(reader.folder, number).eachRow { place, row in
        let models =
          (stamps[IndexRow.word(row, IndexRow.stampOffset)] ?? [])
          + (keys[IndexRow.word(row, IndexRow.keyOffset)] ?? [])
        guard !models.isEmpty else { return }
        let known = Known(row: IndexRow(row, at: place), fingerprint: .stored(place))
        for model in models { found[model] = known }
      }
    }
    models = found
  }

  /// Takes a fingerprint that is in no registry.
  package mutating func hold(_ fingerprint: ModelFingerprint, of model: Int) {
    let entry = RegistryEntry(id: "", identity: fingerprint.identity, path: "", added: "", sources: [])
    let head = RegistryRecord.Head(entryBytes: 0, fingerprintBytes: 0)
    models[model] = Known(
      row: IndexRow(offset: 0, head: head, entry, fingerprint), fingerprint: .held(fingerprint))
  }

  /// - Throws: `Failure` (bad input) when the record is damaged.
  func fingerprint(_ known: Known) throws(Failure) -> ModelFingerprint {
    switch known.fingerprint {
    case .stored(let place): try reader.record(at: place).fingerprint
    case .held(let fingerprint): fingerprint
    }
  }
}
