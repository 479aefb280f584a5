internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 5 bits: as Q4_K, with 32 bytes for the highest bit of each number before the
  /// others (llama.cpp, ggml-common.h, `block_q5_K`, and ggml-quants.c, `dequantize_row_q5_K`).
  ///
  /// As with Q5_1, a weight is off by half of a thirty-first of the range, and by what rounding scales and offsets
  /// costs.
  package static let q5_k = Encoding(
    "Q5_K", MT_Q5_K, blockElements: 256, blockBytes: 176, roundoff: 0.037, noise: 1.5e-3)
}
