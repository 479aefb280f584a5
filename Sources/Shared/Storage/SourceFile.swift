public import Core
internal import Foundation
internal import Glibc

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

  /// - Throws: `Failure` (bad input) when the file is gone or is no longer what was imported.
  public func verify(model: String) throws(Failure) {
    guard let now = Self.status(of: path) else {
      let reason = String(cString: strerror(errno))
      throw .badInput(
        "model '\(model.printable)': its weights '\(path.printable)' are gone since the import (\(reason))",
        advice: "put the file back, or import the model again")
    }
    guard now.bytes == bytes else {
      throw changed(model, "\(now.bytes) bytes long, was \(bytes)")
    }
    guard now.modified == modified else {
      throw changed(model, "modified at \(Self.time(now.modified)), was \(Self.time(modified))")
    }
  }

  private func changed(_ model: String, _ what: String) -> Failure {
    .badInput(
      "model '\(model.printable)': '\(path.printable)' has changed since the import: it is \(what)",
      advice: "import the model again, so that the store points at the weights as they are now")
  }

  private static func time(_ nanoseconds: Int) -> String {
    Date(timeIntervalSince1970: Double(nanoseconds) / 1e9).formatted(.iso8601)
      + " + \(nanoseconds % 1_000_000_000) ns"
  }
}
