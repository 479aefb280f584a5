internal import CKernels

extension Encoding {
  /// GGUF's blocks of 64 weights of 4 bits: four scales for 16 weights each (e4m3 without sign), then 32 bytes with the
  /// numbers of MXFP4 (llama.cpp, ggml-common.h, `block_nvfp4`, and ggml-quants.c, `dequantize_row_nvfp4`). A scale for
  /// the whole tensor is a tensor of its own.
  ///
  /// Half the largest gap, from 4 to 6, is a sixth of the largest number; scales are rounded to 4 digits.
  package static let nvfp4 = Encoding(
    "NVFP4", MT_NVFP4, blockElements: 64, blockBytes: 36, roundoff: 0.18, noise: 9.2e-3)

  /// The same times that scale, or where a tensor holds several matrices, the one of each.
  package static let scaledNVFP4 = Encoding(
    "NVFP4_SCALED", blockElements: 64, blockBytes: 36, companions: [Companion("scale")], roundoff: 0.18, noise: 9.2e-3,
    collinearity: 1.84e-2
  ) { blocks, numbers in
    mt_decode_blocks(MT_NVFP4, blocks.bytes, numbers, blocks.count)
    blocks.scale(numbers, blocksOf: 64, by: 0)
  }
}
