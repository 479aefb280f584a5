/// A checksum that costs no more than fetching the bytes from memory: four interleaved hashes, each of every fourth
/// word, so that no multiplication waits for the previous one. It detects damage, not forgery.
package enum Checksum {
  private static let lanes = 4

  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var a = Fingerprint()
    var b = Fingerprint()
    var c = Fingerprint()
    var d = Fingerprint()
    let stride = lanes * MemoryLayout<UInt64>.size
    let whole = bytes.count / stride * stride
    var offset = 0
    while offset < whole {
      a.add(word: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      b.add(word: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
      c.add(word: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
      d.add(word: bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
      offset += stride
    }
    for other in [b, c, d] { a.add(word: other.value) }
    a.add(UnsafeRawBufferPointer(rebasing: bytes[whole...]))
    a.add(word: UInt64(bytes.count))
    return a.value
  }
}
