internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 2.31 bits: a scale in binary16, 32 words of 16 bits with a row of a grid of 512
  /// times 8 numbers and seven signs each, then scales of 4 bits for 16 weights each (llama.cpp, ggml-common.h,
  /// `block_iq2_xs`, and ggml-quants.c, `dequantize_row_iq2_xs`).
  ///
  /// The largest error is what was seen with numbers nearest to the weights, and a quarter more
  /// (Tests/Oracle/gguf_blocks.py).
  package static let iq2_xs = Encoding(
    "IQ2_XS", MT_IQ2_XS, blockElements: 256, blockBytes: 74, roundoff: 0.68, noise: 0.085)
}
