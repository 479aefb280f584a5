package import Core

extension Encoding {
  /// Every encoding that can be read.
  package static let all: [Encoding] = [f64, f32, f16, bf16, f8e4m3, f8e5m2] + ggufBlocks

  /// Blocks of GGUF files.
  package static let ggufBlocks: [Encoding] = [
    q1_0, q4_0, q4_1, q5_0, q5_1, q8_0, q2_k, q3_k, q4_k, q5_k, q6_k, q8_k, iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s,
    iq3_xxs, iq3_s, iq4_nl, iq4_xs, tq1_0, tq2_0, mxfp4, nvfp4,
  ]

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
