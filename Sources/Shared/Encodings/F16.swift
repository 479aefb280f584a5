internal import CKernels
internal import Core

extension Encoding {
  /// IEEE 754-2008 binary16, little-endian: a sign, 5 bits of exponent with bias 15, 10 of fraction.
  package static let f16 = Encoding(
    "F16", blockBytes: 2, elementType: .f16, roundoff: 0x1p-11, collinearity: 1e-7, isSafetensors: true
  ) { blocks, numbers in
    mt_decode(MT_F16, blocks.bytes, numbers, blocks.count)
  }
}
