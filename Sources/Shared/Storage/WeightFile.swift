internal import Core
internal import Glibc
package import System

/// A file of weights, open for reading at any offset by any thread.
///
/// Reads go past HDF5's conversions and its lock: HDF5 says where the bytes are, `pread` gets them.
package final class WeightFile: Sendable {
  package let path: String
  private let descriptor: Int32

  /// - Throws: `Failure` (bad input) when the file cannot be opened or is not a regular one. Pipes are not waited
  ///   for, devices not touched.
  package init(path: String) throws(Failure) {
    if let what = FileStatus.otherThanFile(path) { throw Self.notRegular(path, what) }
    descriptor = open(path, Self.mode)
    self.path = path
    guard descriptor >= 0 else {
      let trouble = FileTrouble(opening: errno)
      throw .badInput(
        "cannot open '\(path.printable)': \(trouble.text)", advice: trouble.advice,
        missing: trouble.isOfThisHost ? path : nil)
    }
    guard FileStatus(descriptor: descriptor)?.kind == .file else {
      throw Self.notRegular(path, "something else by now")
    }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  deinit { close(descriptor) }

  /// Not blocking, should a pipe have taken the file's place since it was checked.
  private static let mode = O_RDONLY | O_CLOEXEC | O_NONBLOCK

  static func notRegular(_ path: String, _ what: String) -> Failure {
    // Another host may see the file itself there.
    .badInput("'\(path.printable)' is \(what), not a file", advice: "give a file with weights", missing: path)
  }

  /// Why a file cannot be read at all; nil when it can.
  static func trouble(at path: String) -> FileTrouble? {
    let descriptor = open(path, mode)
    guard descriptor >= 0 else { return FileTrouble(opening: errno) }
    defer { close(descriptor) }
    var byte: UInt8 = 0
    guard pread(descriptor, &byte, 1, 0) < 0 else { return nil }
    return FileTrouble(reading: errno)
  }

  /// Bytes of the file as it is now.
  private var length: Int? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : nil
  }

  /// Fills the buffer from `offset` on.
  ///
  /// - Throws: `Failure` when the file ends before the buffer is full or cannot be read.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int, what: String)
    throws(Failure)
  {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
      if count < 0 {
        if errno == EINTR { continue }
        let trouble = FileTrouble(reading: errno)
        throw .badInput(
          "cannot read '\(what.printable)' from '\(path.printable)': \(trouble.text)", advice: trouble.advice,
          missing: trouble.isOfThisHost ? path : nil)
      }
      guard count > 0 else {
        throw .badInput(
          "'\(path.printable)' ends at byte \(length ?? offset + filled), but '\(what.printable)' reaches to byte \(offset + buffer.count)",
          advice: "the file was cut off; get it again and import it again")
      }
      filled += count
    }
  }

  /// SHA-256 of the whole file, as hubs publish it: 64 hexadecimal digits.
  package func sha256() throws(Failure) -> String {
    var hash = SHA256()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    let bytes = length ?? 0
    var done = 0
    while done < bytes {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, bytes - done)])
      try read(into: piece, at: done, what: "the file for its hash")
      hash.add(UnsafeRawBufferPointer(piece))
      done += piece.count
    }
    return hash.digest.text
  }
}
