internal import Fingerprints
internal import System

/// One file of records, one after the other: appended to, never changed.
struct Segment {
  /// Where a record lies.
  struct Place: Hashable, Sendable {
    var segment: Int
    var offset: Int
    var head: RegistryRecord.Head

    static func == (a: Place, b: Place) -> Bool { a.segment == b.segment && a.offset == b.offset }
    func hash(into hasher: inout Hasher) {
      hasher.combine(segment)
      hasher.combine(offset)
    }
  }

  static let headBytes = 16
  private static let magic = Array("MTREGSEG".utf8)

  /// The first bytes of every segment.
  static var head: [UInt8] {
    magic + [UInt8(RegistryFolder.version), 0, 0, 0, 0, 0, 0, 0]
  }

  let number: Int
  let file: RegistryFile

  /// - Returns: nil where there is no such segment, or nothing in it yet.
  /// - Throws: `Failure` (bad input) when it is not one.
  init?(_ folder: RegistryFolder, _ number: Int) throws(Failure) {
    guard let file = try RegistryFile.reading(folder.segment(number)) else { return nil }
    self.number = number
    self.file = file
    let found = try file.bytes(at: 0, count: Self.headBytes)
    if found.count < Self.headBytes { return nil }
    guard found == Self.head else {
      throw .badInput(
        "'\(file.path.printable)' is not a segment of a registry of version \(RegistryFolder.version)",
        advice: "put it back from a copy, or move it away: its models are then missing")
    }
  }

  /// How the records of a segment end.
  enum End: Equatable {
    case whole(Int)
    /// A record that was not written to its end: what an interrupted writer leaves.
    case torn(Int)
    /// Something that is no record.
    case damaged(Int)

    var offset: Int {
      switch self {
      case .whole(let offset), .torn(let offset), .damaged(let offset): offset
      }
    }
  }

  /// Calls `body` with the place of every record from an offset on.
  ///
  /// - Returns: how the segment ends, as far as its heads say.
  func eachPlace(from start: Int = headBytes, _ body: (Place) throws(Failure) -> Void) throws(Failure) -> End {
    var offset = start
    let length = file.length
    while offset < length {
      let bytes = try file.bytes(at: offset, count: RegistryRecord.headBytes)
      guard bytes.count == RegistryRecord.headBytes else { return .torn(offset) }
      guard let head = RegistryRecord.head(bytes) else { return .damaged(offset) }
      guard offset + head.bytes <= length else { return .torn(offset) }
      try body(Place(segment: number, offset: offset, head: head))
      offset += head.bytes
    }
    return .whole(offset)
  }

  func entry(at place: Place) throws(Failure) -> RegistryEntry? {
    RegistryRecord.entry(
      try file.bytes(at: place.offset + RegistryRecord.headBytes, count: place.head.entryBytes))
  }

  /// - Throws: `Failure` (bad input) when the record is damaged.
  func record(at place: Place) throws(Failure) -> (entry: RegistryEntry, fingerprint: ModelFingerprint) {
    let bytes = try file.bytes(at: place.offset, count: place.head.bytes)
    guard bytes.count == place.head.bytes, RegistryRecord.isSound(bytes) else {
      throw damaged(place, "its checksum is wrong")
    }
    let middle = RegistryRecord.headBytes + place.head.entryBytes
    guard let entry = RegistryRecord.entry(Array(bytes[RegistryRecord.headBytes..<middle])) else {
      throw damaged(place, "its entry cannot be read")
    }
    let fingerprint = try FingerprintCodec.decode(
      Array(bytes[middle..<middle + place.head.fingerprintBytes]))
    return (entry, fingerprint)
  }

  func damaged(_ place: Place, _ reason: String) -> Failure {
    .badInput(
      "'\(file.path.printable)' is damaged at byte \(place.offset): \(reason)",
      advice: "see what is left with 'modeltree registry check', and fingerprint the model again")
  }
}
