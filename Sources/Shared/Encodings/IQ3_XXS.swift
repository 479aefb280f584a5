internal import CKernels

extension Encoding {
  /// GGUF's blocks of 256 weights of 3.06 bits: a scale in binary16, 64 rows of a grid of 256 times 4 numbers, then a
  /// word of 32 bits for each 32 weights, with seven signs of each eight and a scale of 4 bits (llama.cpp,
  /// ggml-common.h, `block_iq3_xxs`, and ggml-quants.c, `dequantize_row_iq3_xxs`).
  ///
  /// The largest error is what was seen with numbers nearest to the weights, and a quarter more
  /// (Tests/Oracle/gguf_blocks.py).
  package static let iq3_xxs = Encoding(
    "IQ3_XXS", MT_IQ3_XXS, blockElements: 256, blockBytes: 98, roundoff: 0.6, noise: 0.032)
}
