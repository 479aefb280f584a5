extension Encoding {
  /// Whole numbers of four or eight bits that compressed-tensors packs along rows (compressors/quantized_compressors/
  /// pack_quantized.py, `pack_to_int32`): stored with half their range added, times a scale of their group in the row.
  package static let packed4 = packed(4)
  package static let packed8 = packed(8)

  /// The same with zero points, which are packed too, but along columns, and have as much added.
  package static let packed4Asymmetric = packed(4, isAsymmetric: true)
  package static let packed8Asymmetric = packed(8, isAsymmetric: true)

  /// Signed bytes times a scale of their tensor, row or group (`int-quantized`; also Torch's and ONNX's int8).
  package static let scaledI8 = {
    let (roundoff, noise) = evenly(8)
    return Encoding("I8_SCALED", .bytes, companions: [Companion("scale")], roundoff: roundoff, noise: noise)
  }()

  /// The same, less a zero point.
  package static let scaledI8Asymmetric = {
    let (roundoff, noise) = evenly(8)
    return Encoding(
      "I8_SCALED_ZERO", .bytes, companions: [Companion("scale"), Companion("zero")], roundoff: roundoff, noise: noise)
  }()

  private static func packed(_ bits: Int, isAsymmetric: Bool = false) -> Encoding {
    let (roundoff, noise) = evenly(bits)
    return Encoding(
      "PACKED_\(bits)BIT\(isAsymmetric ? "_ZERO" : "")", .stream(bits: bits),
      companions: [Companion("scale")] + (isAsymmetric ? [Companion("zero")] : []),
      offset: isAsymmetric ? 0 : Float(1 << (bits - 1)), roundoff: roundoff, noise: noise)
  }
}
