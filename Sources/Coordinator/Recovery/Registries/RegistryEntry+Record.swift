internal import Checkpoints
internal import Fingerprints
internal import Foundation
internal import Registry
internal import Storage
internal import System

extension RegistryEntry {
  /// - Parameters:
  ///   - hashes: read all files for their SHA-256?
  ///   - added: ISO 8601.
  /// - Throws: `Failure` (bad input) when a file cannot be read.
  init(
    _ record: ModelRecord, _ fingerprint: ModelFingerprint, hashes: Bool, added: String, card: ModelCard
  ) throws(Failure) {
    let known = hashes ? try FileHashes.of(record.sources.map(\.path)) : [:]
    self.init(
      id: record.id, identity: fingerprint.identity, path: URL(fileURLWithPath: record.path).standardizedFileURL.path,
      added: added,
      sources: record.sources.map { Source(file: $0, sha256: known[$0.path]) }, license: card.license,
      baseModel: card.baseModel)
  }
}
