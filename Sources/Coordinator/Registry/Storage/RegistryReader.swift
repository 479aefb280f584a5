package import Fingerprints
package import System

/// Reads what a registry holds. Needs no lock: what is there does not change, and what is being written is not there yet.
package struct RegistryReader: Sendable {
  let folder: RegistryFolder

  package init(_ path: String) throws(Failure) { folder = try RegistryFolder(path) }

  /// Calls `body` with every entry, in the order in which they were added.
  ///
  /// - Parameter damaged: called with what cannot be read.
  package func eachEntry(
    damaged: (Failure) -> Void, _ body: (RegistryEntry, FingerprintSource) throws(Failure) -> Void
  ) throws(Failure) {
    for number in try folder.segments() {
      guard let segment = try Segment(folder, number) else { continue }
      let end = try segment.eachPlace { place throws(Failure) in
        guard let entry = try segment.entry(at: place) else {
          return damaged(segment.damaged(place, "its entry cannot be read"))
        }
        try body(entry, FingerprintSource(segment: segment, place: place))
      }
      if case .damaged(let offset) = end { damaged(Self.noRecord(segment, offset)) }
    }
  }

  static func noRecord(_ segment: Segment, _ offset: Int) -> Failure {
    .badInput(
      "'\(segment.file.path.printable)' is damaged at byte \(offset): there is no record, and what follows in this segment is not read",
      advice: "put the segment back from a copy, or fingerprint its models again")
  }

  func record(
    at place: Segment.Place
  ) throws(Failure) -> (entry: RegistryEntry, fingerprint: ModelFingerprint) {
    guard let segment = try Segment(folder, place.segment) else {
      throw .badInput(
        "the segment \(place.segment) of '\(folder.path.printable)' is gone", advice: "put it back from a copy")
    }
    return try segment.record(at: place)
  }
}

/// A fingerprint that is read when it is asked for.
package struct FingerprintSource {
  let segment: Segment
  let place: Segment.Place

  /// - Throws: `Failure` (bad input) when it is damaged.
  package func fingerprint() throws(Failure) -> ModelFingerprint { try segment.record(at: place).fingerprint }
}
