/// A 64-bit FNV-1a hash, eight bytes at a time: notices change, not malice.
///
/// Used for safetensors headers, plans and partials on their way from a worker to the journal.
public struct Fingerprint: Sendable, Hashable {
  public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  public init() {}

  public init(of bytes: some Sequence<UInt8>) {
    self.init()
    add(bytes)
  }

  public mutating func add(_ bytes: some Sequence<UInt8>) {
    var word: UInt64 = 0
    var filled: UInt64 = 0
    for byte in bytes {
      word |= UInt64(byte) << (8 * (filled & 7))
      filled += 1
      if filled & 7 == 0 {
        mix(word)
        word = 0
      }
    }
    if filled & 7 != 0 { mix(word) }
    mix(filled)
  }

  public mutating func add(_ text: String) { add(text.utf8) }

  private mutating func mix(_ word: UInt64) {
    value = (value ^ word) &* 0x0000_0100_0000_01b3
    value ^= value >> 29
  }

  /// 16 hexadecimal digits.
  public var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
