internal import CKernels

extension Encoding {
  /// GGUF's blocks of 32 weights of 4 bits: scale and offset in binary16, then 16 bytes as in Q4_0; a weight is scale
  /// times number plus offset (llama.cpp, ggml-common.h, `block_q4_1`, and ggml-quants.c, `dequantize_row_q4_1`).
  ///
  /// The scale is a fifteenth of the range of the weights, which is twice the largest at most; a weight is off by half
  /// a step.
  package static let q4_1 = Encoding(
    "Q4_1", MT_Q4_1, blockElements: 32, blockBytes: 20, roundoff: 1.0 / 15 + 0x1p-10, noise: 6.2e-3)
}
