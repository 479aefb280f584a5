internal import CKernels

extension Encoding {
  /// GGUF's blocks of 32 weights of 4 bits as the Open Compute Project defines them: a power of two (e8m0), then 16
  /// bytes with the numbers (e2m1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives), the lower halves first (OCP
  /// Microscaling Formats, version 1.0, 2023; llama.cpp, ggml-common.h, `block_mxfp4`, and ggml-quants.c,
  /// `dequantize_row_mxfp4`).
  ///
  /// The power of two brings the largest weight to between 4 and 8, but the largest number is 6: a quarter may be
  /// missing.
  package static let mxfp4 = Encoding(
    "MXFP4", MT_MXFP4, blockElements: 32, blockBytes: 17, roundoff: 0.25, noise: 0.014)
}
