internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 3 bits: 32 bytes with the highest bit of each number, 64 with the lower two, 12
  /// with scales of 6 bits for 16 weights each, then their scale in binary16; a weight is scale times (number - 4)
  /// (llama.cpp, ggml-common.h, `block_q3_K`, and ggml-quants.c, `dequantize_row_q3_K`).
  ///
  /// A weight may be off by a whole step, a quarter of the largest, and by what rounding the scales costs.
  package static let q3_k = Encoding(
    "Q3_K", MT_Q3_K, blockElements: 256, blockBytes: 110, roundoff: 0.285, noise: 0.025)
}
