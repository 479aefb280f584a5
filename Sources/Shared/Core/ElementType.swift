/// The type of numbers in memory, as the kernels take them: rows of weights are of one of these. How weights
/// are stored is `Encoding`'s to say. The raw values are the names that safetensors uses.
package enum ElementType: String, Sendable, Hashable, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"

  /// Bytes of a number.
  @inlinable
  package var bytes: Int {
    switch self {
    case .f64: 8
    case .f32: 4
    case .f16, .bf16: 2
    }
  }
}
