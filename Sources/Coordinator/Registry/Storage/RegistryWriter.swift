package import Fingerprints
package import Storage
package import System

/// Adds models to a registry. Several programs may do so at the same time; each addition is complete on disk, or not
/// there.
package final class RegistryWriter {
  private let folder: RegistryFolder
  /// Hashes of keys and of states of files of all entries that were seen.
  private var keys: Set<UInt64> = []
  private var stamps: Set<UInt64> = []
  /// The last segment, the records in it, and how it ends.
  private var last = 0
  private var rows = 0
  private var end = Segment.End.whole(Segment.headBytes)

  /// A segment that has become so long is not added to.
  private let longest: Int

  /// - Parameters:
  ///   - path: of the registry, which is made where there is none.
  ///   - longest: bytes of a segment from which on another one is begun.
  package init(_ path: String, longestSegment longest: Int = 1 << 30) throws(Failure) {
    folder = try RegistryFolder(path, isMade: true)
    self.longest = longest
    try catchUp()
  }

  /// Is a model in this state known under this id? Then it need not be read.
  package func knows(_ id: String, files: [SourceFile]) -> Bool {
    !files.isEmpty && stamps.contains(IndexRow.stamp(of: id, files))
  }

  /// Takes note of what others have added.
  private func catchUp() throws(Failure) {
    for number in try folder.segments() where number >= last {
      let first = number == last ? (rows, end.offset) : (0, Segment.headBytes)
      (last, rows, end) = (number, 0, .whole(Segment.headBytes))
      (rows, end) = try SegmentIndex(folder, number).eachRow(from: (first.0, max(first.1, Segment.headBytes))) {
        _, row in
        keys.insert(IndexRow.word(row, IndexRow.keyOffset))
        stamps.insert(IndexRow.word(row, IndexRow.stampOffset))
      }
    }
  }

  /// Adds a model, durably, unless the same weights are there under the same id.
  ///
  /// - Returns: false when they are.
  /// - Throws: `Failure` (cannot write).
  @discardableResult
  package func add(_ entry: RegistryEntry, _ fingerprint: ModelFingerprint) throws(Failure) -> Bool {
    let lock = try RegistryLock(folder.path)
    defer { withExtendedLifetime(lock) {} }
    try catchUp()
    let key = IndexRow.key(of: entry.id, entry.identity)
    guard !keys.contains(key) else { return false }
    var isNew = last == 0 || end.offset >= longest
    // Damage is left for people to see; nothing is written over it.
    if case .damaged = end { isNew = true }
    if isNew { (last, rows, end) = (last + 1, 0, .torn(0)) }
    let file = try RegistryFile.writing(folder.segment(last))
    if file.length < Segment.headBytes { try file.write(Segment.head, at: 0) }
    let offset = max(end.offset, Segment.headBytes)
    if file.length > offset { try file.truncate(to: offset) }
    let bytes = FingerprintCodec.encode(fingerprint)
    let record = RegistryRecord.encode(entry, bytes)
    try file.write(record, at: offset)
    guard let head = RegistryRecord.head(Array(record[..<RegistryRecord.headBytes])) else {
      throw .cannotWrite(
        "the entry of '\(entry.id.printable)' is too long for a registry",
        advice: "give the model fewer files or shorter names")
    }
    let row = IndexRow(offset: offset, head: head, entry, fingerprint)
    try SegmentIndex(folder, last).append(row, after: rows)
    rows += 1
    end = .whole(offset + record.count)
    keys.insert(row.key)
    stamps.insert(row.stamp)
    return true
  }
}
