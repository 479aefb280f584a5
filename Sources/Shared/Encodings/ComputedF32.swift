internal import CKernels
internal import Core

extension Encoding {
  /// Binary32 numbers that were computed from weights of another encoding, such as those brought into other coordinates:
  /// stored like F32, and as coarse as what they come from where vectors are asked to be parallel.
  package static let computed: [Encoding] = sources.map { source in
    Encoding(
      computedName(source), blockBytes: f32.blockBytes, elementType: .f32, roundoff: f32.roundoff, noise: f32.noise,
      collinearity: source.collinearity, isPlain: true
    ) { blocks, numbers in
      mt_decode(MT_F32, blocks.bytes, numbers, blocks.count)
    }
  }

  private static var sources: [Encoding] {
    (plain + ggufBlocks + quantized).filter { $0.collinearity > f32.collinearity }
  }

  private static func computedName(_ source: Encoding) -> String { "F32_FROM_\(source.name)" }

  /// How F32 numbers that were computed from weights of this encoding are stored.
  package var forComputed: Encoding { Encoding(named: Self.computedName(self)) ?? .f32 }
}
