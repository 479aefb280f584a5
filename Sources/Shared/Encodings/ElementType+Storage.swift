package import CKernels
package import Core

extension ElementType {
  /// As the C kernels call it.
  package var storage: mt_storage {
    switch self {
    case .f64: MT_F64
    case .f32: MT_F32
    case .f16: MT_F16
    case .bf16: MT_BF16
    }
  }
}
