/// The storage type of a weight. Raw values are the names that safetensors uses.
public enum ElementType: String, Sendable, Hashable, Codable, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"

  /// Bytes per element.
  public var bytes: Int {
    switch self {
    case .f64: 8
    case .f32: 4
    case .f16, .bf16: 2
    }
  }

  /// Unit roundoff: the largest relative error of rounding to this type.
  public var roundoff: Double {
    switch self {
    case .f64: 0x1p-53
    case .f32: 0x1p-24
    case .f16: 0x1p-11
    case .bf16: 0x1p-8
    }
  }

  /// How far `1 - cosine` of two parallel vectors may be from 0 after both were rounded to this
  /// type: the bound below which two embedding rows count as collinear.
  public var collinearity: Double {
    switch self {
    case .f64, .f32: 1e-9
    case .f16: 1e-7
    case .bf16: 5e-6
    }
  }
}
