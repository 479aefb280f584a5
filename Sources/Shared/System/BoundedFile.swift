package import Foundation
internal import Glibc

/// Reads files whose author is not trusted: regular files only, up to a size that the caller can afford.
package enum BoundedFile {
  /// Why a file was not read.
  package enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
    case missing
    /// A folder, pipe, socket or device.
    case notRegular
    case tooLarge(bytes: Int, limit: Int)
    /// An error number of the system.
    case unreadable(Int32)

    package var description: String {
      switch self {
      case .missing: "there is no such file"
      case .notRegular: "it is not a regular file"
      case .tooLarge(let bytes, let limit):
        "it has \(ByteCount(bytes: bytes)), expected at most \(ByteCount(bytes: limit))"
      case .unreadable(let code): String(cString: strerror(code))
      }
    }
  }

  /// The content of a regular file, after following links. Never waits for a writer, as reading a pipe would.
  ///
  /// - Parameter limit: bytes.
  package static func read(_ path: String, limit: Int) throws(Problem) -> Data {
    let file: Int32
    do throws(RegularFile.Problem) {
      file = try RegularFile.open(path, for: .reading)
    } catch {
      switch error {
      case .missing: throw .missing
      case .other: throw .notRegular
      case .system(let code): throw .unreadable(code)
      }
    }
    defer { close(file) }
    var facts = stat()
    guard fstat(file, &facts) == 0 else { throw .unreadable(errno) }
    guard facts.st_size <= limit else { throw .tooLarge(bytes: Int(facts.st_size), limit: limit) }
    // One byte more than the file had shows whether it grew meanwhile.
    var data = Data(count: min(limit, Int(facts.st_size)) + 1)
    var size = 0
    while true {
      if size == data.count { data.append(Data(count: max(1 << 16, size))) }
      let count = data.withUnsafeMutableBytes { buffer in
        Glibc.read(file, buffer.baseAddress.map { $0 + size }, buffer.count - size)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .unreadable(errno)
      }
      if count == 0 { break }
      size += count
      guard size <= limit else { throw .tooLarge(bytes: size, limit: limit) }
    }
    return data.prefix(size)
  }
}
