import Core
import Kernels
import System

/// Pair-coordinates per second of the whole pass (pairs and moments) over a block of n models x 65,536 coordinates,
/// compared with the product of the block with itself by the fastest library here.
func measurePairs() {
  let width = 65_536
  for n in [16, 32, 64, 100, 128, 200, 256, 384, 512, 1000] {
    let block = Block(bytes: 4 * n * width)
    block.fill(.f32)
    let types = Array(repeating: ElementType.f32, count: n)
    var products = Array(repeating: Float(0), count: n * n)
    let rows = block.rows(n)
    guard let numbers = block.bytes.assumingMemoryBound(to: Float.self).baseAddress else { continue }
    let measured = SymmetricProduct.all.map { library in
      let (ours, theirs) = costs(
        {
          let accumulator = ShardAccumulator(types: types, columns: 4096, statistics: [])
          accumulator.add(rows: rows, count: width)
          precondition(accumulator.partial.l2.count > 0)
        }, { library.multiply(numbers, n, width, &products) })
      return (name: library.name, ours: ours, theirs: theirs)
    }
    guard let best = measured.min(by: { $0.theirs < $1.theirs }) else { continue }
    let work = Double(PairIndex(n).count * width)
    report(
      "pairs",
      [
        ("n", n), ("isa", ShardAccumulator.instructionSet), ("ours_gps", work / best.ours / 1e9),
        ("ssyrk_gps", work / best.theirs / 1e9), ("ratio", best.theirs / best.ours), ("library", best.name),
      ])
  }
}
