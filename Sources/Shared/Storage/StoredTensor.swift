public import Core
package import Encodings

/// A weight array of a model store and where its bytes lie.
public struct StoredTensor: Sendable, Hashable {
  public var name: String
  package var encoding: Encoding
  public var shape: TensorShape
  /// The file that holds the weights, row-major and little-endian: the original safetensors file,
  /// or the store itself.
  public var file: String
  public var offset: Int

  package init(name: String, encoding: Encoding, shape: TensorShape, file: String, offset: Int) {
    self.name = name
    self.encoding = encoding
    self.shape = shape
    self.file = file
    self.offset = offset
  }

  /// What is stored, in bytes.
  public var bytes: Int { encoding.bytes(of: shape.elements) ?? .max }

  /// What its rows consist of in memory.
  public var elementType: ElementType { encoding.elementType }
}
