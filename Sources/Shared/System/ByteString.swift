internal import Glibc

/// A text that equals another only byte by byte, as paths do for the system and names for HDF5.
///
/// Swift's strings are equal when they look the same: an "é" of one code point is an "é" of two.
public struct ByteString: Sendable, Hashable {
  private let text: String

  public init(_ text: String) {
    var text = text
    // Looked up far more often than made.
    text.makeContiguousUTF8()
    self.text = text
  }

  public static func == (a: ByteString, b: ByteString) -> Bool {
    a.withBytes { a in
      b.withBytes { b in
        guard a.count == b.count, let first = a.baseAddress, let second = b.baseAddress else {
          return a.isEmpty && b.isEmpty
        }
        return memcmp(first, second, a.count) == 0
      }
    }
  }

  public func hash(into hasher: inout Hasher) { withBytes { hasher.combine(bytes: $0) } }

  private func withBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
    var text = text
    return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }
}
