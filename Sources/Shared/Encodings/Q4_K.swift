internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 4 bits: the scale of the scales and that of the offsets in binary16, 12 bytes with
  /// a scale and an offset of 6 bits for each 32 weights, then 128 bytes with two numbers each; a weight is scale times
  /// number minus offset (llama.cpp, ggml-common.h, `block_q4_K`, and ggml-quants.c, `dequantize_row_q4_K`).
  ///
  /// As with Q4_1, a weight is off by half a fifteenth of the range, and by what rounding scales and offsets costs.
  package static let q4_k = Encoding(
    "Q4_K", MT_Q4_K, blockElements: 256, blockBytes: 144, roundoff: 0.075, noise: 6.3e-3)
}
