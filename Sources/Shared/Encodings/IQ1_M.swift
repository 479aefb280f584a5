internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 1.75 bits: 32 and 16 bytes with rows of the grid of IQ1_S, and for each row
  /// whether an eighth is added or taken away; then four words of 16 bits with scales of 3 bits for 16 weights each,
  /// whose upper quarters together are the scale of the block in binary16 (llama.cpp, ggml-common.h, `block_iq1_m`, and
  /// ggml-quants.c, `dequantize_row_iq1_m`).
  ///
  /// The largest error is what was seen with numbers nearest to the weights, and a quarter more
  /// (Tests/Oracle/gguf_blocks.py).
  package static let iq1_m = Encoding(
    "IQ1_M", MT_IQ1_M, blockElements: 256, blockBytes: 56, roundoff: 0.8, noise: 0.19)
}
