internal import Glibc
internal import System

/// A file of a registry, read and written at given places.
final class RegistryFile {
  let path: String
  private let descriptor: Int32

  /// - Returns: nil when there is no such file.
  /// - Throws: `Failure` (bad input) when it cannot be read.
  static func reading(_ path: String) throws(Failure) -> RegistryFile? {
    do throws(RegularFile.Problem) {
      return RegistryFile(path, try RegularFile.open(path, for: .reading))
    } catch {
      guard error != .missing else { return nil }
      throw .badInput("cannot read '\(path.printable)': \(error)", advice: "check that the registry may be read")
    }
  }

  /// Opens or makes a file; never one that a link leads to.
  static func writing(_ path: String) throws(Failure) -> RegistryFile {
    do throws(RegularFile.Problem) {
      return RegistryFile(path, try RegularFile.open(path, for: .writing))
    } catch {
      if case .system(let code) = error { throw cannotWrite(path, code) }
      throw .cannotWrite(
        "cannot write '\(path.printable)': \(error)", advice: "put the file itself back, from a copy of the registry")
    }
  }

  private init(_ path: String, _ descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  var length: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  /// As many bytes as there are, at most `count`.
  func bytes(at offset: Int, count: Int) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let (start, rest) = (filled, count - filled)
      let got = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress.map { $0 + start }, rest, offset + start)
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else {
        throw .badInput(
          "cannot read '\(path.printable)': \(String(cString: strerror(errno)))", advice: "check the disk")
      }
      guard got > 0 else { break }
      filled += got
    }
    if filled < count { bytes.removeLast(count - filled) }
    return bytes
  }

  /// Writes all bytes and waits until the disk has them.
  func write(_ bytes: [UInt8], at offset: Int, isSynced: Bool = true) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let start = done
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + start }, bytes.count - start, offset + start)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.cannotWrite(path, errno) }
      done += count
    }
    if isSynced, fdatasync(descriptor) != 0 { throw Self.cannotWrite(path, errno) }
  }

  func truncate(to length: Int) throws(Failure) {
    guard ftruncate(descriptor, length) == 0 else { throw Self.cannotWrite(path, errno) }
  }

  private static func cannotWrite(_ path: String, _ code: Int32) -> Failure {
    .cannotWrite(
      "cannot write '\(path.printable)': \(String(cString: strerror(code)))",
      advice: code == ENOSPC
        ? "free some space and run the same command again: what was added before is kept"
        : "check that the registry may be written to")
  }
}
