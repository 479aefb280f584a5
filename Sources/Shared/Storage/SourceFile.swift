internal import Core
internal import Foundation
internal import Glibc
public import System

/// A file that holds weights, and what it looked like when it was imported.
public struct SourceFile: Sendable, Hashable, Codable {
  public var path: String
  public var bytes: Int
  /// Nanoseconds since 1970.
  public var modified: Int
  /// Fingerprint of the safetensors header.
  public var header: String

  public init(path: String, bytes: Int, modified: Int, header: String) {
    self.path = path
    self.bytes = bytes
    self.modified = modified
    self.header = header
  }

  /// Size and time of a file as it is now.
  public static func status(of path: String) -> (bytes: Int, modified: Int)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (
      Int(status.st_size), Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
    )
  }

  /// - Parameter place: where the file lies on this host, if that is another place than at the import.
  /// - Throws: `Failure` (bad input) when the file is gone or is no longer what was imported.
  public func verify(model: String, at place: String? = nil) throws(Failure) {
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
    guard try Self.fingerprint(ofHeaderIn: place, bytes: now.bytes) == header else {
      throw changed(model, place, "one with another header")
    }
  }

  /// Whether the file is still what was imported.
  public func isUnchanged(at place: String) -> Bool { (try? verify(model: "", at: place)) != nil }

  private func changed(_ model: String, _ place: String, _ what: String) -> Failure {
    .badInput(
      "model '\(model.printable)': '\(place.printable)' has changed since the import: it is \(what)",
      advice:
        "import the model again; if this is a host's own copy, copy it again with its times (cp -a, rsync -a)",
      missing: place)
  }

  private func times(_ now: Int) -> String { "modified at \(Self.time(now)), was \(Self.time(modified))" }

  /// nil when there is no header.
  private static func fingerprint(ofHeaderIn path: String, bytes: Int) throws(Failure) -> String? {
    let file = try WeightFile(path: path)
    guard bytes >= 8 else { return nil }
    var length: UInt64 = 0
    try withUnsafeMutableBytes(of: &length) { buffer throws(Failure) in
      try file.read(into: buffer, at: 0, what: "header length")
    }
    length = UInt64(littleEndian: length)
    guard length <= UInt64(bytes - 8), length <= largestHeader else { return nil }
    let header = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(length), alignment: 8)
    defer { header.deallocate() }
    try file.read(into: header, at: 8, what: "header")
    var print = Fingerprint()
    print.add(UnsafeRawBufferPointer(header))
    return print.text
  }

  /// What the format allows.
  private static let largestHeader: UInt64 = 100_000_000

  /// Nanoseconds that file systems and tools count time in.
  private static let granularities = [1, 100, 1000, 1_000_000, 1_000_000_000]

  private static func time(_ nanoseconds: Int) -> String {
    Date(timeIntervalSince1970: Double(nanoseconds) / 1e9).formatted(.iso8601)
      + " + \(nanoseconds % 1_000_000_000) ns"
  }
}
