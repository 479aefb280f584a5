/// Bytes per second as people write it: `500MB/s`, `1GiB/s`, `80MB`.
public struct ByteRate: Sendable, Hashable, CustomStringConvertible {
  public let bytesPerSecond: Int

  public init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

  /// Reads a `ByteCount` with or without `/s`. Zero is not a rate.
  public init?(_ text: String) {
    let amount = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
    guard let count = ByteCount(amount), count.bytes > 0 else { return nil }
    bytesPerSecond = count.bytes
  }

  public var description: String { "\(ByteCount(bytes: bytesPerSecond))/s" }
}
