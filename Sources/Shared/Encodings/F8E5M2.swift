internal import CKernels

extension Encoding {
  /// The upper byte of a binary16: a sign, 5 bits of exponent with bias 15 and 2 of fraction, with infinities
  /// and NaN as there (OCP 8-bit Floating Point Specification, revision 1.0, 2023; PyTorch's `float8_e5m2`).
  package static let f8e5m2 = Encoding(
    "F8_E5M2", blockBytes: 1, roundoff: 0x1p-3, collinearity: 0x1p-6 / 3, isSafetensors: true
  ) { blocks, numbers in
    mt_decode_e5m2(blocks.bytes, numbers, blocks.count)
  }
}
