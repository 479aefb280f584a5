internal import CKernels
internal import Core

extension Encoding {
  /// The upper half of a binary32 (Intel, BFLOAT16 Hardware Numerics Definition, 2018), little-endian.
  package static let bf16 = Encoding(
    "BF16", blockBytes: 2, elementType: .bf16, roundoff: 0x1p-8, collinearity: 5e-6, isSafetensors: true
  ) { blocks, numbers in
    mt_decode(MT_BF16, blocks.bytes, numbers, blocks.count)
  }
}
