internal import CKernels

extension Encoding {
  /// GGUF's blocks of 32 weights of 4 bits: laid out as Q4_0, but a number is an index into a table of 16 that are
  /// dense near zero (llama.cpp, ggml-common.h, `block_iq4_nl`, and ggml-quants.c, `dequantize_row_iq4_nl`).
  ///
  /// The table reaches from -127 to 113, and its largest gap is 24: a weight as large as the largest on the other side
  /// is off by 14, others by 12 at most.
  package static let iq4_nl = Encoding(
    "IQ4_NL", MT_IQ4_NL, blockElements: 32, blockBytes: 18, roundoff: 14.0 / 127 + 0x1p-11, noise: 6.5e-3)
}
