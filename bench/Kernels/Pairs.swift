import COpenBLAS
import Core
import Kernels
import System

/// Pair-coordinates per second of the whole pass (pairs and moments) over a block of n models x 65,536 coordinates,
/// compared with the product of the block with itself.
func measurePairs() {
  openblas_set_num_threads(1)
  let width = 65_536
  for n in [16, 32, 64, 100, 128, 200, 256, 384, 512, 1000] {
    let block = Block(bytes: 4 * n * width)
    block.fill(.f32)
    let types = Array(repeating: ElementType.f32, count: n)
    var gram = Array(repeating: Float(0), count: n * n)
    let rows = block.rows(n)
    let (ours, ssyrk) = costs(
      {
        let accumulator = ShardAccumulator(types: types, columns: 4096, statistics: [])
        accumulator.add(rows: rows, count: width)
        precondition(accumulator.partial.l2.count > 0)
      },
      {
        cblas_ssyrk(
          CblasRowMajor, CblasUpper, CblasNoTrans, Int32(n), Int32(width), 1,
          block.bytes.assumingMemoryBound(to: Float.self).baseAddress, Int32(width), 0, &gram, Int32(n))
      })
    let work = Double(PairIndex(n).count * width)
    report(
      "pairs",
      [
        ("n", n), ("isa", ShardAccumulator.instructionSet), ("ours_gps", work / ours / 1e9),
        ("ssyrk_gps", work / ssyrk / 1e9), ("ratio", ssyrk / ours),
      ])
  }
}
