internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 2 bits: 16 bytes, each with a scale and an offset of 4 bits for 16 weights, 64
  /// bytes with four numbers each, then the scale of the scales and that of the offsets in binary16; a weight is scale
  /// times number minus offset (llama.cpp, ggml-common.h, `block_q2_K`, and ggml-quants.c, `dequantize_row_q2_K`).
  ///
  /// A step is a third of a range of up to twice the largest weight.
  package static let q2_k = Encoding(
    "Q2_K", MT_Q2_K, blockElements: 256, blockBytes: 84, roundoff: 0.36, noise: 0.11)
}
