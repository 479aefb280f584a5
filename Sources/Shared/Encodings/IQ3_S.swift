internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 3.44 bits: a scale in binary16, 64 bytes and 8 more with rows of a grid of 512
  /// times 4 numbers, 32 bytes with signs, then scales of 4 bits for 32 weights each (llama.cpp, ggml-common.h,
  /// `block_iq3_s`, and ggml-quants.c, `dequantize_row_iq3_s`).
  ///
  /// The largest error is what was seen with numbers nearest to the weights, and a quarter more
  /// (Tests/Oracle/gguf_blocks.py).
  package static let iq3_s = Encoding(
    "IQ3_S", MT_IQ3_S, blockElements: 256, blockBytes: 110, roundoff: 0.36, noise: 0.018)
}
