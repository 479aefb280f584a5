internal import Checkpoints
internal import Core
internal import Fingerprints
internal import Foundation
internal import Hints
internal import Registry
package import System

/// Makes the fingerprints of models and adds them to a registry, one model after the other: whatever was added before an
/// interruption is kept.
package struct FingerprintRun {
  package enum Event: Sendable {
    case added(id: String, weights: Int)
    /// Its files are as they were when it was added.
    case known(id: String)
    /// The same weights are there under the same name.
    case sameWeights(id: String)
    case skipped(id: String, reason: String)
  }

  package struct Outcome: Sendable, Equatable {
    package var added = 0
    package var known = 0
    package var skipped = 0
  }

  private let paths: [String]
  private let registry: String
  private let threads: Int
  private let hashes: Bool
  private let hints: String?
  private let folder: String

  /// - Parameters:
  ///   - paths: models and folders of models, as for a recovery.
  ///   - registry: folder that the fingerprints are added to.
  ///   - threads: tensors that are read at the same time.
  ///   - hashes: read all files once more for their SHA-256?
  ///   - hints: path of a file with declared bases; nil: model cards.
  ///   - folder: for stores; the caller removes it.
  package init(
    _ paths: [String], registry: String, threads: Int, hashes: Bool, hints: String?, folder: String
  ) {
    self.paths = paths
    self.registry = registry
    self.threads = threads
    self.hashes = hashes
    self.hints = hints
    self.folder = folder
  }

  /// - Throws: `Failure`: a model that was named is broken, or the registry cannot be written to.
  package func run(_ report: (Event) -> Void) throws(Failure) -> Outcome {
    let hints = try hints.map { path throws(Failure) in try Hints(path: path) }
    let found = try FoundModels(paths, folder: folder)
    let writer = try RegistryWriter(registry)
    var outcome = Outcome()
    for note in found.notes {
      outcome.skipped += 1
      report(.skipped(id: note.subject, reason: note.text))
    }
    for source in found.sources {
      do throws(Failure) {
        let record = try found.record(of: source)
        defer { found.forget(record) }
        let event = try add(record, writer, hints)
        if case .added = event { outcome.added += 1 } else { outcome.known += 1 }
        report(event)
      } catch {
        guard !source.isExplicit, error.kind == .badInput else { throw error }
        outcome.skipped += 1
        report(.skipped(id: source.id, reason: error.message))
      }
    }
    guard outcome.added + outcome.known > 0 else {
      throw .badInput("no model could be fingerprinted", advice: "see the notes above")
    }
    return outcome
  }

  private func add(_ record: ModelRecord, _ writer: RegistryWriter, _ hints: Hints?) throws(Failure) -> Event {
    guard !writer.knows(record.id, files: record.sources) else { return .known(id: record.id) }
    let fingerprint = try FingerprintMaker(threads: threads).fingerprint(of: record)
    var card = ModelCard(of: record)
    if let hint = hints?.models[record.id] {
      card.baseModel = hint.base ?? card.baseModel
      card.license = hint.license ?? card.license
    }
    let entry = try RegistryEntry(
      record, fingerprint, hashes: hashes, added: Date().formatted(.iso8601), card: card)
    // What was read must still be what it was.
    try record.verifySources()
    return try writer.add(entry, fingerprint)
      ? .added(id: record.id, weights: record.parameters) : .sameWeights(id: record.id)
  }
}
