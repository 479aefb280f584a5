internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 1.56 bits: a scale in binary16, 32 bytes and 8 words of 16 bits, which per 32
  /// weights hold a scale of 3 bits, whether an eighth is added or taken away, and four rows of a grid of 2,048 times 8
  /// numbers from -1 to 1 (llama.cpp, ggml-common.h, `block_iq1_s`, and ggml-quants.c, `dequantize_row_iq1_s`).
  ///
  /// The largest error is what was seen with numbers nearest to the weights, and a quarter more
  /// (Tests/Oracle/gguf_blocks.py).
  package static let iq1_s = Encoding(
    "IQ1_S", MT_IQ1_S, blockElements: 256, blockBytes: 50, roundoff: 0.85, noise: 0.2)
}
