internal import CKernels

extension Encoding {
  /// A byte with a sign, 4 bits of exponent with bias 7 and 3 of fraction; no infinities, NaN is 0x7f and
  /// 0xff, the largest number is 448 (OCP 8-bit Floating Point Specification, revision 1.0, 2023; PyTorch's
  /// `float8_e4m3fn`). Numbers are what they are: a scale in another array makes another encoding.
  package static let f8e4m3 = Encoding(
    "F8_E4M3", blockBytes: 1, roundoff: 0x1p-4, collinearity: 0x1p-8 / 3, isSafetensors: true
  ) { blocks, numbers in
    mt_decode_e4m3(blocks.bytes, numbers, blocks.count)
  }
}
