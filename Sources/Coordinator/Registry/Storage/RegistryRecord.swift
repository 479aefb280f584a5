internal import Fingerprints
internal import Foundation
internal import System

/// An entry and its fingerprint as bytes of a segment.
///
/// 24 bytes of head: `UInt32` magic, length of the entry, length of the fingerprint, zero, and the `Checksum` of these
/// 16 bytes; then the entry as JSON, the fingerprint, and the `Checksum` of everything before it.
enum RegistryRecord {
  static let headBytes = 24
  static let tailBytes = 8
  private static let magic: UInt32 = 0x5252_544d  // "MTRR"
  static let mostEntryBytes = 1 << 20

  struct Head: Equatable {
    var entryBytes: Int
    var fingerprintBytes: Int

    var bytes: Int { headBytes + entryBytes + fingerprintBytes + tailBytes }

    /// Can a record be so long? Nothing is read before that is known.
    var isPossible: Bool { entryBytes <= mostEntryBytes && fingerprintBytes <= ModelFingerprint.mostBytes }
  }

  static func encode(_ entry: RegistryEntry, _ fingerprint: [UInt8]) -> [UInt8] {
    let json = Array(JSONText.data(of: entry))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headBytes + json.count + fingerprint.count + tailBytes)
    for word in [magic, UInt32(json.count), UInt32(fingerprint.count), 0] { append(word, to: &bytes) }
    append(bytes.withUnsafeBytes { Checksum.of($0) }, to: &bytes)
    bytes += json
    bytes += fingerprint
    append(bytes.withUnsafeBytes { Checksum.of($0) }, to: &bytes)
    return bytes
  }

  private static func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func word<Word: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int, _: Word.Type) -> Word {
    bytes.withUnsafeBytes { Word(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Word.self)) }
  }

  /// - Parameter bytes: of the head.
  /// - Returns: nil where it is not one.
  static func head(_ bytes: [UInt8]) -> Head? {
    guard bytes.count == headBytes, word(bytes, at: 0, UInt32.self) == magic,
      bytes.withUnsafeBytes({ Checksum.of(UnsafeRawBufferPointer(rebasing: $0[..<16])) })
        == word(bytes, at: 16, UInt64.self)
    else { return nil }
    let head = Head(
      entryBytes: Int(word(bytes, at: 4, UInt32.self)), fingerprintBytes: Int(word(bytes, at: 8, UInt32.self)))
    return head.isPossible ? head : nil
  }

  static func entry(_ bytes: [UInt8]) -> RegistryEntry? {
    try? JSONDecoder().decode(RegistryEntry.self, from: Data(bytes))
  }

  /// Is a whole record as it was written?
  static func isSound(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= headBytes + tailBytes else { return false }
    let end = bytes.count - tailBytes
    return bytes.withUnsafeBytes { Checksum.of(UnsafeRawBufferPointer(rebasing: $0[..<end])) }
      == word(bytes, at: end, UInt64.self)
  }
}
