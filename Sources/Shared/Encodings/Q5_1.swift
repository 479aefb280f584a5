internal import CKernels

extension Encoding {
  /// GGUF's blocks of 32 weights of 5 bits: scale and offset in binary16, then bytes as in Q5_0; a weight is scale
  /// times number plus offset (llama.cpp, ggml-common.h, `block_q5_1`, and ggml-quants.c, `dequantize_row_q5_1`).
  ///
  /// A weight is off by half of a thirty-first of the range, which is twice the largest at most.
  package static let q5_1 = Encoding(
    "Q5_1", MT_Q5_1, blockElements: 32, blockBytes: 24, roundoff: 1.0 / 31 + 0x1p-10, noise: 1.5e-3)
}
