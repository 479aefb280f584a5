import CKernels
import COpenBLAS
import Core
import Kernels

/// Pair-coordinates per second over a block of n models x 65,536 coordinates.
func measurePairs() {
  openblas_set_num_threads(1)
  let width = 65_536
  for n in [4, 8, 16, 32, 64, 105, 128, 256, 500] {
    let block = weights(n * width, seed: UInt64(n))
    var sums = Array(repeating: 0.0, count: PairIndex(n).count)
    var gram = Array(repeating: Float(0), count: n * n)
    let (ours, ssyrk) = block.withUnsafeBufferPointer { block in
      let base = block.baseAddress!
      return bestOfBoth(
        {
          for start in stride(from: 0, to: width, by: Int(MT_RUN)) {
            let rows: [UnsafePointer<Float>?] = (0..<n).map { base + $0 * width + start }
            mt_pairs_f32(rows, n, Int(MT_RUN), &sums, nil, nil)
          }
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
