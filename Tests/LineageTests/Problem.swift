import Core
import Encodings
import Lineage

/// What solving needs, where nothing is forbidden and all models may be copies.
enum Problem {
  static func of(
    models: Int, _ options: LineageOptions = LineageOptions(), adapters: Set<Int> = []
  ) -> LineageProblem {
    LineageProblem(
      rounding: Array(repeating: Encoding.f32.roundoff, count: models), options: options, adapters: adapters,
      haveSameSignature: { _, _ in true })
  }
}
