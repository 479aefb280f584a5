internal import CKernels

extension Encoding {
  /// GGUF's blocks of 128 weights of one bit: a scale in binary16, then 16 bytes, the lowest bit first; a set bit is
  /// plus the scale, any other minus the scale (llama.cpp, ggml-common.h, `block_q1_0`, and ggml-quants.c,
  /// `dequantize_row_q1_0`).
  ///
  /// Made for weights that have two values anyway, of which it loses nothing but digits of the scale. Of others, whose
  /// scale is the mean size, everything but signs is lost: an error is below the largest weight.
  package static let q1_0 = Encoding(
    "Q1_0", MT_Q1_0, blockElements: 128, blockBytes: 18, roundoff: 1, noise: 0.37)
}
