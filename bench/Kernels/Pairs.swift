import COpenBLAS
import Core
import Kernels

/// Pair-coordinates per second of the whole pass (pairs and moments) over a block of n models x 65,536 coordinates.
func measurePairs() {
  openblas_set_num_threads(1)
  let width = 65_536
  for n in [4, 8, 16, 32, 64, 105, 128, 256, 500] {
    let block = weights(n * width, seed: UInt64(n))
    let types = Array(repeating: ElementType.f32, count: n)
    var gram = Array(repeating: Float(0), count: n * n)
    let (ours, ssyrk) = block.withUnsafeBufferPointer { block in
      let base = block.baseAddress!
      return bestOfBoth(
        {
          let rows = (0..<n).map { UnsafeRawPointer(base + $0 * width) }
          let accumulator = ShardAccumulator(types: types, columns: 4096, statistics: [])
          accumulator.add(rows: rows, count: width)
          precondition(accumulator.partial.l2.count > 0)
        },
        {
          cblas_ssyrk(
            CblasRowMajor, CblasUpper, CblasNoTrans, Int32(n), Int32(width), 1, base, Int32(width), 0,
            &gram, Int32(n))
        })
    }
    let work = Double(PairIndex(n).count * width)
    report(
      "pairs",
      [
        ("n", n), ("isa", ShardAccumulator.instructionSet), ("ours_gps", work / ours / 1e9),
        ("ssyrk_gps", work / ssyrk / 1e9), ("ratio", ssyrk / ours),
      ])
  }
}
