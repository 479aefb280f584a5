internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 8 bits: a scale in binary32, 256 signed bytes, then sums of 16 of them each, which
  /// are not needed; a weight is scale times byte (llama.cpp, ggml-common.h, `block_q8_K`, and ggml-quants.c,
  /// `dequantize_row_q8_K`). llama.cpp keeps activations so; no program is known to write weights with it.
  ///
  /// The scale is the largest weight over 127, so a weight is off by half of that at most, and by the
  /// digits of a Float.
  package static let q8_k = Encoding(
    "Q8_K", MT_Q8_K, blockElements: 256, blockBytes: 292, roundoff: 0.5 / 127 + 0x1p-20, noise: 5e-5)
}
