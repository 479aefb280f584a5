package import Core
package import Encodings

/// An array of numbers as it lies in a file: blocks of one encoding, row-major.
package struct StoredArray: Sendable, Hashable {
  package var encoding: Encoding
  package var shape: TensorShape
  /// The original file, or the store itself.
  package var file: String
  /// Of the first block, in bytes.
  package var offset: Int
  /// What `encoding.companions` names, in that order.
  package var companions: [StoredArray]

  package init(
    encoding: Encoding, shape: TensorShape, file: String, offset: Int, companions: [StoredArray] = []
  ) {
    self.encoding = encoding
    self.shape = shape
    self.file = file
    self.offset = offset
    self.companions = companions
  }

  /// The outermost extent; 1 for a scalar.
  package var rows: Int { shape.extents.first ?? 1 }

  /// What a row holds: all other extents together.
  package var columns: Int { rows == 0 ? 0 : shape.elements / rows }

  /// Without companions; `Int.max` when that is more than can be counted.
  package var bytes: Int { encoding.bytes(of: shape.elements) ?? .max }

  /// Can it be where it says that it is?
  var isPossible: Bool {
    guard offset >= 0, let bytes = encoding.bytes(of: shape.elements), bytes <= Int.max - offset else { return false }
    return companions.count == encoding.companions.count
      && companions.allSatisfy { $0.encoding.companions.isEmpty && $0.isPossible }
  }
}
