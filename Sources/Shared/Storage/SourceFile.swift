internal import Core
internal import Foundation
internal import Glibc
package import System

/// A file that holds weights, and what it looked like when it was imported.
package struct SourceFile: Sendable, Hashable, Codable {
  package var path: String
  package var bytes: Int
  /// Nanoseconds since 1970.
  package var modified: Int
  /// Fingerprint of what says where the weights are: the header of a safetensors file; of any other file both ends,
  /// and `ends:` before it.
  package var header: String

  package init(path: String, bytes: Int, modified: Int, header: String) {
    self.path = path
    self.bytes = bytes
    self.modified = modified
    self.header = header
  }

  /// Size and time of a file as it is now.
  package static func status(of path: String) -> (bytes: Int, modified: Int)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (
      Int(status.st_size), Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
    )
  }

  /// A file that has no header of known length at its beginning, as it is now.
  ///
  /// - Throws: `Failure` (bad input) when it cannot be opened.
  package static func described(_ path: String) throws(Failure) -> SourceFile {
    let file = try WeightFile(path: path)
    guard let (bytes, modified) = status(of: path) else {
      throw .badInput("'\(path.printable)' cannot be opened", advice: "check that the path is right and may be read")
    }
    return SourceFile(
      path: path, bytes: bytes, modified: modified, header: try fingerprint(ofEndsOf: file, bytes: bytes))
  }

  /// - Parameter place: where the file lies on this host, if that is another place than at the import.
  /// - Throws: `Failure` (bad input) when the file is gone or is no longer what was imported.
  package func verify(model: String, at place: String? = nil) throws(Failure) {
    let place = place ?? path
    guard let now = Self.status(of: place) else {
      let reason = String(cString: strerror(errno))
      throw .badInput(
        "model '\(model.printable)': its weights '\(place.printable)' are gone since the import, or this host does not see them (\(reason))",
        advice: "put the file back, or say by --path-map where it lies on the worker's host",
        missing: place)
    }
    guard now.bytes == bytes else {
      throw changed(model, place, "\(now.bytes) bytes long, was \(bytes)")
    }
    guard ByteString(place) != ByteString(path) else {
      guard now.modified == modified else { throw changed(model, place, times(now.modified)) }
      return
    }
    // A copy: its file system, or what copied it, may keep less of the time. Its header must be the same.
    guard Self.granularities.contains(where: { now.modified == modified - modified % $0 }) else {
      throw changed(model, place, times(now.modified))
    }
    guard try headerFingerprint(in: place, bytes: now.bytes) == header else {
      throw changed(model, place, "one with another header")
    }
  }

  /// Whether the file is still what was imported.
  package func isUnchanged(at place: String) -> Bool { (try? verify(model: "", at: place)) != nil }

  private func changed(_ model: String, _ place: String, _ what: String) -> Failure {
    .badInput(
      "model '\(model.printable)': '\(place.printable)' has changed since the import: it is \(what)",
      advice:
        "import the model again; if this is a host's own copy, copy it again with its times (cp -a, rsync -a)",
      missing: place)
  }

  private func times(_ now: Int) -> String { "modified at \(Self.time(now)), was \(Self.time(modified))" }

  /// As `header`, of a file as it is now; nil when it cannot have been made in the same way.
  private func headerFingerprint(in path: String, bytes: Int) throws(Failure) -> String? {
    let file = try WeightFile(path: path)
    guard !header.hasPrefix(Self.ends) else { return try Self.fingerprint(ofEndsOf: file, bytes: bytes) }
    guard bytes >= 8 else { return nil }
    var length: UInt64 = 0
    try withUnsafeMutableBytes(of: &length) { buffer throws(Failure) in
      try file.read(into: buffer, at: 0, what: "header length")
    }
    length = UInt64(littleEndian: length)
    guard length <= UInt64(bytes - 8), length <= Self.largestHeader else { return nil }
    var print = Fingerprint()
    try Self.add(8..<8 + Int(length), of: file, to: &print)
    return print.text
  }

  /// A file's identity where no header of known length stands at its beginning: its first and its last 64 KiB.
  package static func fingerprint(ofEndsOf file: WeightFile, bytes: Int) throws(Failure) -> String {
    var print = Fingerprint()
    let piece = min(bytes, 1 << 16)
    try add(0..<piece, of: file, to: &print)
    try add(bytes - piece..<bytes, of: file, to: &print)
    return ends + print.text
  }

  private static func add(_ range: Range<Int>, of file: WeightFile, to print: inout Fingerprint) throws(Failure) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 8)
    defer { buffer.deallocate() }
    try file.read(into: buffer, at: range.lowerBound, what: "header")
    print.add(UnsafeRawBufferPointer(buffer))
  }

  private static let ends = "ends:"

  /// What the format allows.
  private static let largestHeader: UInt64 = 100_000_000

  /// Nanoseconds that file systems and tools count time in.
  private static let granularities = [1, 100, 1000, 1_000_000, 1_000_000_000]

  private static func time(_ nanoseconds: Int) -> String {
    Date(timeIntervalSince1970: Double(nanoseconds) / 1e9).formatted(.iso8601)
      + " + \(nanoseconds % 1_000_000_000) ns"
  }
}
