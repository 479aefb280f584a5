/// A 64-bit FNV-1a hash over words of eight bytes. It detects changes, not forgery.
///
/// Used for safetensors headers and plans; `Checksum` is for long data.
package struct Fingerprint: Sendable, Hashable {
  package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  package init(value: UInt64) { self.value = value }

  package init(of bytes: some Sequence<UInt8>) {
    self.init()
    Array(bytes).withUnsafeBytes { add($0) }
  }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    let whole = bytes.count / 8 * 8
    for offset in stride(from: 0, to: whole, by: 8) {
      mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    if whole < bytes.count {
      var word: UInt64 = 0
      for offset in whole..<bytes.count { word |= UInt64(bytes[offset]) << (8 * UInt64(offset - whole)) }
      mix(word)
    }
    mix(UInt64(bytes.count))
  }

  package mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// Adds eight bytes, a little-endian number.
  mutating func add(word: UInt64) { mix(UInt64(littleEndian: word)) }

  private mutating func mix(_ word: UInt64) {
    value = (value ^ word) &* 0x0000_0100_0000_01b3
    value ^= value >> 29
  }

  /// 16 hexadecimal digits.
  package var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
