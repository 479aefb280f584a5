/// Writes GGUF files, right ones and wrong ones.
package struct GGUF {
  /// A tensor as the table of a file announces it.
  package struct Tensor {
    package var name: [UInt8]
    /// Innermost first.
    package var extents: [UInt64]
    package var type: UInt32
    package var offset: UInt64

    package init(_ name: String, _ extents: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) {
      self.name = Array(name.utf8)
      self.extents = extents
      self.type = type
      self.offset = offset
    }
  }

  package var mark = Array("GGUF".utf8)
  package var version: UInt32 = 3
  package var metadata: [(key: String, type: UInt32, value: [UInt8])] = []
  package var tensors: [Tensor]
  package var data: [UInt8]
  /// Where not as many as there are.
  package var tensorCount: UInt64?
  package var keyCount: UInt64?

  package init(_ tensors: [Tensor], data: [UInt8]) {
    self.tensors = tensors
    self.data = data
  }

  package mutating func add(_ key: String, text: String) { metadata.append((key, 8, Self.text(Array(text.utf8)))) }

  package mutating func add(_ key: String, number: UInt32) { metadata.append((key, 4, Self.bytes(number))) }

  package var bytes: [UInt8] {
    var bytes = mark + Self.bytes(version)
    bytes += Self.bytes(tensorCount ?? UInt64(tensors.count)) + Self.bytes(keyCount ?? UInt64(metadata.count))
    for entry in metadata { bytes += Self.text(Array(entry.key.utf8)) + Self.bytes(entry.type) + entry.value }
    for tensor in tensors {
      bytes += Self.text(tensor.name) + Self.bytes(UInt32(tensor.extents.count)) + tensor.extents.flatMap(Self.bytes)
      bytes += Self.bytes(tensor.type) + Self.bytes(tensor.offset)
    }
    return bytes + Array(repeating: 0, count: (32 - bytes.count % 32) % 32) + data
  }

  package static func bytes<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  /// With its length before it.
  package static func text(_ text: [UInt8], length: UInt64? = nil) -> [UInt8] {
    bytes(length ?? UInt64(text.count)) + text
  }
}
