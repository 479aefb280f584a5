internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 2.06 bits: a scale in binary16, then 8 bytes for each 32 weights, with four rows
  /// of a grid of 256 times 8 numbers, seven signs for each row, the eighth making their number even, and a scale of 4
  /// bits (llama.cpp, ggml-common.h, `block_iq2_xxs`, and ggml-quants.c, `dequantize_row_iq2_xxs`).
  ///
  /// The largest error is what was seen with numbers nearest to the weights, and a quarter more
  /// (Tests/Oracle/gguf_blocks.py).
  package static let iq2_xxs = Encoding(
    "IQ2_XXS", MT_IQ2_XXS, blockElements: 256, blockBytes: 66, roundoff: 0.7, noise: 0.11)
}
