internal import Encodings

/// The type of the elements of a tensor in a PyTorch file.
struct TorchType: Hashable {
  /// As PyTorch calls it, without `torch.`: `bfloat16`.
  let name: String
  let bytes: Int

  /// How weights of this type are decoded; nil for what holds no weights, or none that can be read.
  var encoding: Encoding? { Self.encodings[name] }

  private init(_ name: String, _ bytes: Int) {
    self.name = name
    self.bytes = bytes
  }

  /// - Parameter dtype: `float8_e4m3fn` of `torch.float8_e4m3fn`.
  init?(dtype: String) {
    guard let bytes = Self.sizes[dtype] else { return nil }
    self.init(dtype, bytes)
  }

  /// - Parameter storage: a class of storages, `FloatStorage`.
  init?(storage: String) {
    guard let name = Self.storages[storage] else { return nil }
    self.init(dtype: name)
  }

  private static let encodings: [String: Encoding] = [
    "float64": .f64, "float32": .f32, "float16": .f16, "bfloat16": .bf16, "float8_e4m3fn": .f8e4m3,
    "float8_e5m2": .f8e5m2,
  ]

  private static let sizes = [
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1,
    "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1, "float4_e2m1fn_x2": 1, "complex32": 4,
    "complex64": 8, "complex128": 16, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint64": 8, "uint32": 4,
    "uint16": 2, "uint8": 1, "bool": 1, "qint8": 1, "quint8": 1, "qint32": 4, "quint4x2": 1, "quint2x4": 1,
  ]

  private static let storages = [
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "QInt8Storage": "qint8", "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32", "QUInt4x2Storage": "quint4x2", "QUInt2x4Storage": "quint2x4",
  ]
}
