internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 2.56 bits: a scale in binary16, 32 bytes and 8 more with rows of a grid of 1,024
  /// times 8 numbers, between them 32 with signs, then scales of 4 bits for 16 weights each (llama.cpp, ggml-common.h,
  /// `block_iq2_s`, and ggml-quants.c, `dequantize_row_iq2_s`).
  ///
  /// The largest error is what was seen with numbers nearest to the weights, and a quarter more
  /// (Tests/Oracle/gguf_blocks.py).
  package static let iq2_s = Encoding(
    "IQ2_S", MT_IQ2_S, blockElements: 256, blockBytes: 82, roundoff: 0.58, noise: 0.06)
}
