internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of three values: 48 bytes of five digits to base 3 each, 4 of four, then a scale in
  /// binary16; a weight is scale times (digit - 1) (llama.cpp, ggml-common.h, `block_tq1_0`, and ggml-quants.c,
  /// `dequantize_row_tq1_0`).
  ///
  /// Made for weights that have three values anyway, of which it loses nothing but digits of the scale. Others are off
  /// by half the largest weight.
  package static let tq1_0 = Encoding(
    "TQ1_0", MT_TQ1_0, blockElements: 256, blockBytes: 54, roundoff: 0.5 + 0x1p-11, noise: 0.66)
}
