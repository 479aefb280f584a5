internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 4 bits: a scale in binary16, scales of 6 bits for 32 weights each in a word of 16
  /// bits and 4 bytes, then 128 bytes as in IQ4_NL (llama.cpp, ggml-common.h, `block_iq4_xs`, and ggml-quants.c,
  /// `dequantize_row_iq4_xs`).
  ///
  /// As with IQ4_NL, and by what rounding the scales costs.
  package static let iq4_xs = Encoding(
    "IQ4_XS", MT_IQ4_XS, blockElements: 256, blockBytes: 136, roundoff: 0.14, noise: 6.5e-3)
}
