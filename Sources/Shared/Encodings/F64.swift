internal import CKernels
internal import Core

extension Encoding {
  /// IEEE 754-2008 binary64, little-endian.
  package static let f64 = Encoding(
    "F64", blockBytes: 8, elementType: .f64, roundoff: 0x1p-53, collinearity: 1e-9, isSafetensors: true
  ) { blocks, numbers in
    mt_decode(MT_F64, blocks.bytes, numbers, blocks.count)
  }
}
