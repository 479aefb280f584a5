/// Bytes per second as people write it: `500MB/s`, `1GiB/s`, `80MB`.
package struct ByteRate: Sendable, Hashable, CustomStringConvertible {
  package let bytesPerSecond: Int

  package init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

  /// Reads a `ByteCount` with or without `/s`. Zero is not a rate.
  package init?(_ text: String) {
    let amount = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
    guard let count = ByteCount(amount), count.bytes > 0 else { return nil }
    bytesPerSecond = count.bytes
  }

  package var description: String { "\(ByteCount(bytes: bytesPerSecond))/s" }
}
