package import Core
package import Storage

/// A tensor as a file announces it.
package struct CheckpointEntry: Sendable, Hashable {
  package enum Content: Sendable, Hashable {
    /// How its numbers are read.
    case recipe(Recipe)
    /// Bytes that are no weights by themselves, such as packed integers, but may be weights together with others.
    case packed(StoredBytes)
    /// Not read, and why, to follow "not compared: ".
    case unread(String)
  }

  package var name: String
  /// As the file calls it: `BF16`, `Q4_K`, `torch.int8`.
  package var type: String
  package var shape: TensorShape
  package var content: Content

  package init(name: String, type: String, shape: TensorShape, content: Content) {
    self.name = name
    self.type = type
    self.shape = shape
    self.content = content
  }
}

/// Bytes of a file whose meaning other tensors decide.
package struct StoredBytes: Sendable, Hashable {
  package var file: String
  /// Absolute, in the file.
  package var range: Range<Int>

  package init(file: String, range: Range<Int>) {
    self.file = file
    self.range = range
  }
}
