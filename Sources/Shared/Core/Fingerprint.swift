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
    if bytes.withContiguousStorageIfAvailable({ add(UnsafeRawBufferPointer($0)) }) == nil {
      Array(bytes).withUnsafeBytes { add($0) }
    }
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    let whole = bytes.count / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
    }
    var word: UInt64 = 0
    for position in whole..<bytes.count { word |= UInt64(bytes[position]) << (8 * (position & 7)) }
    if whole < bytes.count { mix(word) }
    mix(UInt64(bytes.count))
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
