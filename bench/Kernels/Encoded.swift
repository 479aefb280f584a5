import Core
import Encodings
import Kernels
import System

/// Encodings whose weights are decoded before they are compared.
private let encodings: [Encoding] = [.q8_0, .q4_0, .q4_k, .q6_k, .iq4_xs, .iq2_xs, .mxfp4, .nf4]

/// Decoding and comparing eight models of the same encoding, as a worker does it, block by block; compared with the
/// same number of F16 weights. All of them lie in memory and are too many for the last-level cache.
func measureEncoded() {
  let n = 8
  let coordinates = 8 << 20
  let half = Block(bytes: 2 * n * coordinates)
  half.fill(.f16)
  let halves = half.rows(n)
  for encoding in encodings {
    guard let bytes = encoding.bytes(of: coordinates) else { continue }
    let block = Block(bytes: n * bytes)
    block.fill(.f16)
    if encoding == .mxfp4 {
      // Its scales are bytes of exponents: ordinary ones, or the weights would be none.
      for place in stride(from: 0, to: block.bytes.count, by: encoding.blockBytes) { block.bytes[place] = 121 }
    }
    let rows = block.rows(n)
    let count = ShardGeometry.blockBytes(models: n) / (4 * n)
    let decoded = Block(bytes: 4 * n * count)
    // Of the one that has companions: a scale for each 64 weights, and a table.
    let scales = Block(bytes: 4 * max(16, coordinates / 64))
    scales.fill(.f32)
    let companions = encoding.companions.map { _ in
      EncodedBlocks.Companion(
        numbers: UnsafePointer(scales.bytes.assumingMemoryBound(to: Float.self).baseAddress!), columns: 16,
        tile: .init(rows: 0, columns: 64))
    }
    let (ours, f16) = costs(
      {
        let accumulator = ShardAccumulator(types: Array(repeating: .f32, count: n), columns: 4096, statistics: [])
        let floats = decoded.rows(n)
        for start in stride(from: 0, to: coordinates, by: count) {
          for (from, to) in zip(rows, floats) {
            encoding.decode(
              EncodedBlocks(
                bytes: from + start / encoding.blockElements * encoding.blockBytes,
                count: count / encoding.blockElements, first: start / encoding.blockElements, elements: count,
                columns: 4096, companions: companions),
              to: UnsafeMutablePointer(mutating: to.assumingMemoryBound(to: Float.self)))
          }
          accumulator.add(rows: floats, count: count)
        }
        precondition(accumulator.partial.moments[0].count > 0)
      },
      {
        let accumulator = ShardAccumulator(types: Array(repeating: .f16, count: n), columns: 4096, statistics: [])
        accumulator.add(rows: halves, count: coordinates)
        precondition(accumulator.partial.moments[0].count > 0)
      })
    let weights = Double(n * coordinates)
    report(
      "encoded",
      [
        ("n", n), ("encoding", encoding.name), ("isa", ShardAccumulator.instructionSet),
        ("ours_gws", weights / ours / 1e9), ("f16_gws", weights / f16 / 1e9), ("ratio", ours / f16),
      ])
  }
}
