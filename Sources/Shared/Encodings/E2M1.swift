internal import CKernels

extension Encoding {
  /// The numbers of four bits with 2 of exponent and 1 of fraction (OCP Microscaling Formats specification, version 1.0,
  /// 2023).
  private static let e2m1: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]

  /// Floats of four bits, the first of two in the lower half of a byte, times a power of two for each 32 in a row:
  /// gpt-oss's `_blocks` and `_scales` (transformers, integrations/mxfp4.py, `convert_moe_packed_tensors`).
  package static let splitMXFP4 = floats("MXFP4_SPLIT", [Companion("scale")], noise: 0.0138)

  /// The same times a scale in F8_E4M3 of each 16 in a row and one of the tensor: ModelOpt's `weight_scale` and
  /// `weight_scale_2`.
  package static let splitNVFP4 = floats("NVFP4_SPLIT", [Companion("scale"), Companion("global")], noise: 0.0085)

  /// compressed-tensors' NVFP4, whose scale of the tensor divides (compressors/quantized_compressors/
  /// fp4_quantized.py, `weight_global_scale`).
  package static let dividedNVFP4 = floats(
    "NVFP4_PACKED", [Companion("scale"), Companion("divisor")], noise: 0.0085)

  private static func floats(_ name: String, _ companions: [Companion], noise: Double) -> Encoding {
    let isDivided = companions.last?.name == "divisor"
    return Encoding(
      name, blockElements: 8, blockBytes: 4, companions: companions, roundoff: 1.0 / 6, noise: noise,
      collinearity: 2 * noise
    ) { blocks, numbers in
      mt_decode_table(blocks.bytes, numbers, blocks.count, PackedCodes.ascending, e2m1)
      blocks.scale(numbers, blocksOf: 8, by: 0)
      guard blocks.companions.count > 1 else { return }
      let global = blocks.companions[1].numbers[0]
      if isDivided {
        for k in 0..<8 * blocks.count { numbers[k] /= global }
      } else {
        mt_affine(numbers, 1, 8 * blocks.count, [global], nil, nil)
      }
    }
  }
}
