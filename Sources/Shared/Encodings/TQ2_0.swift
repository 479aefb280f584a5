internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of three values: 64 bytes with four numbers of 2 bits each, then a scale in binary16;
  /// a weight is scale times (number - 1) (llama.cpp, ggml-common.h, `block_tq2_0`, and ggml-quants.c,
  /// `dequantize_row_tq2_0`).
  ///
  /// Made for weights that have three values anyway, of which it loses nothing but digits of the scale. Others are off
  /// by half the largest weight.
  package static let tq2_0 = Encoding(
    "TQ2_0", MT_TQ2_0, blockElements: 256, blockBytes: 66, roundoff: 0.5 + 0x1p-11, noise: 0.66)
}
