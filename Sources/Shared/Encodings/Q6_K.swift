internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 6 bits: 128 bytes with the lower four bits of two numbers each, 64 with the upper
  /// two of four, a signed byte as scale of each 16 weights, then the scale of the scales in binary16; a weight is
  /// scale times (number - 32) (llama.cpp, ggml-common.h, `block_q6_K`, and ggml-quants.c, `dequantize_row_q6_K`).
  ///
  /// A weight may be off by a whole step, a thirty-second of the largest.
  package static let q6_k = Encoding(
    "Q6_K", MT_Q6_K, blockElements: 256, blockBytes: 210, roundoff: 0.034, noise: 3.6e-4)
}
