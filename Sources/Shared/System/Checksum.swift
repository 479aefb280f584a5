internal import Glibc

/// A checksum that costs no more than fetching the bytes from memory: four interleaved hashes, each of every fourth
/// word, so that no multiplication waits for the previous one. It detects damage, not forgery.
package struct Checksum {
  private static let lanes = 4
  private static let stride = lanes * MemoryLayout<UInt64>.size

  private var a = Fingerprint()
  private var b = Fingerprint()
  private var c = Fingerprint()
  private var d = Fingerprint()
  private var length = 0

  private init() {}

  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var sum = Checksum()
    return sum.ended(by: bytes)
  }

  /// Of a regular file, after following links; it need not fit into memory.
  ///
  /// - Returns: how long the file is, and its checksum.
  package static func ofFile(_ path: String) throws(RegularFile.Problem) -> (bytes: Int, checksum: UInt64) {
    let file = try RegularFile.open(path, for: .reading)
    defer { close(file) }
    var sum = Checksum()
    return try withUnsafeTemporaryAllocation(byteCount: portion, alignment: MemoryLayout<UInt64>.alignment) {
      buffer throws(RegularFile.Problem) in
      while true {
        var filled = 0
        while filled < portion {
          let count = read(file, buffer.baseAddress.map { $0 + filled }, portion - filled)
          if count < 0, errno == EINTR { continue }
          guard count >= 0 else { throw .system(errno) }
          if count == 0 { break }
          filled += count
        }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
        guard filled == portion else { return (sum.length + filled, sum.ended(by: bytes)) }
        sum.add(bytes)
      }
    }
  }

  /// Bytes of a file that are read at a time; they stay in the processor's cache.
  private static let portion = 1 << 18

  /// - Parameter bytes: as many as a multiple of the stride.
  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var (a, b, c, d) = (self.a, self.b, self.c, self.d)
    for offset in Swift.stride(from: 0, to: bytes.count, by: Self.stride) {
      a.add(word: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      b.add(word: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      c.add(word: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
      d.add(word: bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
    }
    (self.a, self.b, self.c, self.d) = (a, b, c, d)
    length += bytes.count
  }

  /// - Parameter bytes: the last ones.
  private mutating func ended(by bytes: UnsafeRawBufferPointer) -> UInt64 {
    let whole = bytes.count / Self.stride * Self.stride
    add(UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
    length += bytes.count - whole
    for other in [b, c, d] { a.add(word: other.value) }
    a.add(UnsafeRawBufferPointer(rebasing: bytes[whole...]))
    a.add(word: UInt64(length))
    return a.value
  }
}
