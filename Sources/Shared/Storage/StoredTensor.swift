public import Core

/// A weight array of a model store and where its bytes lie.
public struct StoredTensor: Sendable, Hashable {
  public var name: String
  public var type: ElementType
  public var shape: TensorShape
  /// The file that holds the weights, row-major and little-endian: the original safetensors file,
  /// or the store itself.
  public var file: String
  public var offset: Int

  public init(name: String, type: ElementType, shape: TensorShape, file: String, offset: Int) {
    self.name = name
    self.type = type
    self.shape = shape
    self.file = file
    self.offset = offset
  }

  public var bytes: Int { shape.elements * type.bytes }
}
