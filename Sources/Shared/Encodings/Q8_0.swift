internal import CKernels

extension Encoding {
  /// GGUF's blocks of 32 weights: a scale in binary16, then 32 signed bytes; a weight is scale times byte
  /// (llama.cpp, ggml-common.h, `block_q8_0`, and ggml-quants.c, `dequantize_row_q8_0`).
  ///
  /// The scale is the largest weight of the block over 127, so a weight is off by half of that at most. For
  /// normally distributed weights, whose largest of 32 is some 2.1 standard deviations, that leaves
  /// `1 - cosine` of two roundings near (2.1 / 127)^2 / 12; twice that is granted.
  package static let q8_0 = Encoding(
    "Q8_0", blockElements: 32, blockBytes: 34, roundoff: 0.5 / 127, collinearity: 5e-5
  ) { blocks, numbers in
    mt_decode_q8_0(blocks.bytes, numbers, blocks.count)
  }
}
