internal import CKernels

extension Encoding {
  /// GGUF's blocks of 32 weights of 8 bits: a scale in binary16, then 32 signed bytes; a weight is scale times byte
  /// (llama.cpp, ggml-common.h, `block_q8_0`, and ggml-quants.c, `dequantize_row_q8_0`).
  ///
  /// The scale is the largest weight of the block over 127, so a weight is off by half of that at most, and by the
  /// digits of the scale.
  package static let q8_0 = Encoding(
    "Q8_0", MT_Q8_0, blockElements: 32, blockBytes: 34, roundoff: 0.5 / 127 + 0x1p-11, noise: 2.9e-5)
}
