internal import CKernels

extension Encoding {
  /// GGUF's blocks of 32 weights of 4 bits: a scale in binary16, then 16 bytes, whose lower halves are the first 16
  /// numbers and whose upper ones the others; a weight is scale times (number - 8) (llama.cpp, ggml-common.h,
  /// `block_q4_0`, and ggml-quants.c, `dequantize_row_q4_0`).
  ///
  /// The scale is the weight of largest size over -8. The largest number is 7, so that a weight as large on the other
  /// side is off by a whole step, an eighth of it; other weights by half of that.
  package static let q4_0 = Encoding(
    "Q4_0", MT_Q4_0, blockElements: 32, blockBytes: 18, roundoff: 1.0 / 8 + 0x1p-11, noise: 7.5e-3)
}
