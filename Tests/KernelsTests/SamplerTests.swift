import Core
import Kernels
import System
import TestSeed
import Testing

/// Submatrices that a shard keeps are the weights themselves, however the shard is cut into blocks.
@Suite struct SamplerTests {
  private static let columns = 90
  private static let rows = 200

  @Test(arguments: [[ElementType.f32], [.bf16, .f16], ElementType.allCases], [0, 40])
  func keptWeightsAreThoseOfTheirPlaces(types: [ElementType], firstRow: Int) {
    var random = Seeded.fresh()
    let models = types.map { type in
      Weights((0..<Self.rows * Self.columns).map { _ in 0.02 * random.normal() }, type)
    }
    let start = firstRow * Self.columns
    let count = models[0].values.count
    let places = SampleGrid.places(columns: Self.columns, coordinates: start..<start + count, count: 3)
    for blocks in [[count], [1024, 1024, count - 2048], [5 * 1024, count - 5 * 1024]] {
      let accumulator = ShardAccumulator(
        types: types, columns: Self.columns, statistics: [], samples: places, start: start)
      var from = 0
      for length in blocks {
        accumulator.add(rows: models.map { $0.start + from * $0.type.bytes }, count: length)
        from += length
      }
      let samples = accumulator.partial.samples
      #expect(samples.map(\.shape) == places.map(\.shape))
      for (block, place) in zip(samples, places) {
        for (i, model) in models.enumerated() {
          let expected = place.rows.flatMap { row in
            place.columns.map { Float(model.values[row * Self.columns + $0 - start]) }
          }
          #expect(Array(block.values(of: i)) == expected, "model \(i), \(blocks), seed \(random.seed)")
        }
      }
    }
  }

  @Test func aShardWithoutPlacesKeepsNothing() {
    let model = Weights([1, 2, 3], .f32)
    #expect(accumulate([model, model]).samples.isEmpty)
  }
}
