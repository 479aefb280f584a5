extension Encoding {
  private static let scale = Companion("scale")

  /// `F8_E4M3` times a scale: one of the whole tensor or of each row (compressed-tensors, `float-quantized`; Torch's
  /// `weight_scale`), or one of each block of 128 x 128 (DeepSeek-V3, inference/kernel.py, `weight_dequant`:
  /// `weight_scale_inv`, which is multiplied all the same).
  package static let scaledF8E4M3 = Encoding(
    "F8_E4M3_SCALED", .e4m3, companions: [scale], roundoff: 0x1p-4, noise: roundingSquares * 0x1p-8)

  /// The same of `F8_E5M2`.
  package static let scaledF8E5M2 = Encoding(
    "F8_E5M2_SCALED", .e5m2, companions: [scale], roundoff: 0x1p-3, noise: roundingSquares * 0x1p-6)
}
