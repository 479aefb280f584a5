internal import Glibc

/// A string compared byte by byte, as the system compares paths and HDF5 compares names.
///
/// Swift's own strings are equal when they look the same: "é" as one code point equals "é" as two.
package struct ByteString: Sendable, Hashable {
  private let text: String

  package init(_ text: String) {
    var text = text
    // Looked up far more often than created.
    text.makeContiguousUTF8()
    self.text = text
  }

  package static func == (a: ByteString, b: ByteString) -> Bool {
    a.withBytes { a in
      b.withBytes { b in
        guard a.count == b.count, let first = a.baseAddress, let second = b.baseAddress else {
          return a.isEmpty && b.isEmpty
        }
        return memcmp(first, second, a.count) == 0
      }
    }
  }

  package func hash(into hasher: inout Hasher) { withBytes { hasher.combine(bytes: $0) } }

  private func withBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
    var text = text
    return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }
}
