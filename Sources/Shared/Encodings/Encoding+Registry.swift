package import Core

extension Encoding {
  /// Every encoding that can be read.
  package static let all: [Encoding] = plain + ggufBlocks + companions + quantized + computed

  /// Numbers by themselves.
  package static let plain: [Encoding] = [f64, f32, f16, bf16, f8e4m3, f8e5m2]

  /// Blocks of GGUF files.
  package static let ggufBlocks: [Encoding] = [
    q1_0, q4_0, q4_1, q5_0, q5_1, q8_0, q2_k, q3_k, q4_k, q5_k, q6_k, q8_k, iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s,
    iq3_xxs, iq3_s, iq4_nl, iq4_xs, tq1_0, tq2_0, mxfp4, nvfp4,
  ]

  /// What only companions of others are stored in.
  package static let companions: [Encoding] = [f8e8m0, i8, u8, i32, u2, u3, u4, u4AWQ, bnbNested]

  /// Codes that need companions to be weights.
  package static let quantized: [Encoding] =
    [
      scaledF8E4M3, scaledF8E5M2, gptq2, gptq3, gptq4, gptq8, gptq2ByIndex, gptq3ByIndex, gptq4ByIndex, gptq8ByIndex,
      awq, mlx2, mlx3, mlx4, mlx5, mlx6, mlx8, packed4, packed8, packed4Asymmetric, packed8Asymmetric, scaledI8,
      scaledI8Asymmetric, torchaoInt4, nf4, fp4, bnb8, splitMXFP4, splitNVFP4, dividedNVFP4,
      scaledNVFP4,
    ] + hqq

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// The encoding of this name; nil when there is none.
  package init?(named name: some StringProtocol) {
    guard let known = Self.byName[String(name)] else { return nil }
    self = known
  }

  /// The encoding that stores numbers of a type as they are.
  package init(_ type: ElementType) {
    self =
      switch type {
      case .f64: .f64
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      }
  }
}
