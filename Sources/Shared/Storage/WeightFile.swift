public import Core
internal import Glibc

/// A file of weights, open for reading at any offset by any thread.
///
/// Reads go past HDF5's conversions and its lock: HDF5 says where the bytes are, `pread` gets them.
public final class WeightFile: Sendable {
  public let path: String
  private let descriptor: Int32

  public init(path: String) throws(Failure) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    self.path = path
    guard descriptor >= 0 else {
      throw .badInput(
        "cannot open '\(path.printable)': \(String(cString: strerror(errno)))",
        advice: "see that the file exists at this path on this machine and may be read")
    }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  deinit { close(descriptor) }

  /// Bytes of the file as it is now.
  private var length: Int? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : nil
  }

  /// Fills the buffer from `offset` on.
  ///
  /// - Throws: `Failure` when the file ends before the buffer is full or cannot be read.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int, what: String)
    throws(Failure)
  {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
      if count < 0 {
        if errno == EINTR { continue }
        throw .badInput(
          "cannot read '\(what.printable)' from '\(path.printable)': \(String(cString: strerror(errno)))",
          advice: "see whether the disk or the network share is in order")
      }
      guard count > 0 else {
        throw .badInput(
          "'\(path.printable)' ends at byte \(length ?? offset + filled), but '\(what.printable)' reaches to byte \(offset + buffer.count)",
          advice: "the file was cut off; get it again and import it again")
      }
      filled += count
    }
  }
}
