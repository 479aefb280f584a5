import Core
import Kernels
import System

/// The whole pass (moments and pairs) over a block in memory, compared with a plain read of it. Every block is too large
/// for any part of it to stay in the last-level cache.
func measurePass() {
  let least = 128 << 20
  for type in [ElementType.f32, .bf16, .f16] {
    for n in [2, 3, 4, 6, 8, 12, 15] {
      let coordinates = (least / (n * type.bytes * 65_536) + 1) * 65_536
      let bytes = coordinates * type.bytes
      let block = Block(bytes: n * bytes)
      block.fill(type)
      let rows = block.rows(n)
      let types = Array(repeating: type, count: n)
      let (ours, read) = costs(
        {
          let accumulator = ShardAccumulator(types: types, columns: 4096, statistics: [])
          accumulator.add(rows: rows, count: coordinates)
          precondition(accumulator.partial.moments[0].count > 0)
        },
        { precondition(sum(block.bytes) != 1) })
      report(
        "pass",
        [
          ("n", n), ("type", "\(type)"), ("isa", ShardAccumulator.instructionSet),
          ("ours_gbs", Double(n * bytes) / ours / 1e9), ("read_gbs", Double(n * bytes) / read / 1e9),
          ("ratio", read / ours),
        ])
    }
  }
}

/// Touches every word once, in order, with vector adds: the cost of reading alone.
private func sum(_ block: UnsafeMutableRawBufferPointer) -> UInt64 {
  let words = UnsafeRawBufferPointer(block).bindMemory(to: SIMD8<UInt64>.self)
  var (a, b) = (SIMD8<UInt64>(), SIMD8<UInt64>())
  var p = 0
  while p + 1 < words.count {
    a &+= words[p]
    b &+= words[p + 1]
    p += 2
  }
  return (a &+ b).wrappedSum()
}
