internal import CKernels

extension Encoding {
  /// GGUF's blocks of 32 weights of 5 bits: a scale in binary16, 4 bytes with the highest bit of each number, then 16
  /// bytes with the lower four as in Q4_0; a weight is scale times (number - 16) (llama.cpp, ggml-common.h,
  /// `block_q5_0`, and ggml-quants.c, `dequantize_row_q5_0`).
  ///
  /// As with Q4_0, a weight may be off by a whole step, here a sixteenth of the largest.
  package static let q5_0 = Encoding(
    "Q5_0", MT_Q5_0, blockElements: 32, blockBytes: 22, roundoff: 1.0 / 16 + 0x1p-11, noise: 1.9e-3)
}
