import Core
import Kernels

/// The whole pass (moments and pairs) over a block in memory, against a plain read of it.
func measurePass() {
  let coordinates = 1 << 22
  for type in [ElementType.f32, .bf16, .f16] {
    for n in [2, 4, 8, 12, 15, 64] {
      let bytes = coordinates * type.bytes
      let block = UnsafeMutableRawBufferPointer.allocate(byteCount: n * bytes, alignment: 4096)
      defer { block.deallocate() }
      // bf16 and f16 patterns of ordinary weights: exponents near 2^-6, mantissas of all kinds.
      let words = block.bindMemory(to: UInt32.self)
      var state: UInt32 = 1
      for p in words.indices {
        state = state &* 1_664_525 &+ 1_013_904_223
        let high: UInt32 = type == .f16 ? 0x2400 : 0x3C80
        words[p] =
          type == .f32
          ? 0x3C80_0000 | state >> 9 : (high | state >> 25) << 16 | (high | (state >> 17) & 0x7F)
      }
      let rows = (0..<n).map { UnsafeRawPointer(block.baseAddress! + $0 * bytes) }
      let types = Array(repeating: type, count: n)
      let (ours, read) = bestOfBoth(
        {
          let accumulator = ShardAccumulator(types: types, columns: 4096, statistics: [])
          accumulator.add(rows: rows, count: coordinates)
          precondition(accumulator.partial.moments[0].count > 0)
        },
        { precondition(sum(block) != 1) })
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

/// Touches every word once, in order, with vector adds: what reading alone costs.
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
