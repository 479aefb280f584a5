internal import CKernels
internal import Core

extension Encoding {
  /// IEEE 754-2008 binary32, little-endian.
  package static let f32 = Encoding(
    "F32", blockBytes: 4, elementType: .f32, roundoff: 0x1p-24, collinearity: 1e-9, isSafetensors: true
  ) { blocks, numbers in
    mt_decode(MT_F32, blocks.bytes, numbers, blocks.count)
  }
}
