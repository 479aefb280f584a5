import Core
import System
import Testing

/// Which weights are kept as they are.
@Suite struct SampleGridTests {
  static let shards: [(columns: Int, coordinates: Range<Int>)] = [
    (64, 0..<64 * 64), (100, 1000..<21_000), (4096, 0..<(1 << 22)), (4096, (1 << 22)..<(2 << 22)),
    (9, 0..<90), (70, 0..<70), (8, 0..<8 * 10_000),
  ]

  @Test func rowsAndColumnsAreDistinctAndInsideTheShard() {
    for (columns, coordinates) in Self.shards {
      let rows = coordinates.lowerBound / columns..<coordinates.upperBound / columns
      let places = SampleGrid.places(columns: columns, coordinates: coordinates, count: 5)
      #expect(places.count == 5)
      #expect(
        places.map(\.shape) == SampleGrid.shapes(columns: columns, coordinates: coordinates, count: 5))
      for place in places {
        #expect(place.rows.count == min(64, rows.count))
        #expect(place.columns.count == min(64, columns))
        #expect(zip(place.rows, place.rows.dropFirst()).allSatisfy { $0 < $1 })
        #expect(zip(place.columns, place.columns.dropFirst()).allSatisfy { $0 < $1 })
        #expect(place.rows.allSatisfy(rows.contains))
        #expect(place.columns.allSatisfy((0..<columns).contains))
        #expect(place.shape.count == place.rows.count * place.columns.count)
      }
    }
  }

  /// Workers and coordinator draw for themselves, so they must draw alike.
  @Test func theSameShardHasTheSamePlacesAndOthersHaveOthers() {
    func drawn(_ columns: Int, _ coordinates: Range<Int>) -> [[Int]] {
      SampleGrid.places(columns: columns, coordinates: coordinates, count: 2).flatMap {
        [$0.rows.map { $0 - coordinates.lowerBound / columns }, $0.columns]
      }
    }
    let first = drawn(4096, 0..<(1 << 22))
    #expect(drawn(4096, 0..<(1 << 22)) == first)
    #expect(drawn(4096, (1 << 22)..<(2 << 22)) != first)
    #expect(first[0] != first[2] && first[1] != first[3])
  }

  @Test func submatricesAreSpreadEvenly() {
    #expect(SampleGrid.spread(3, over: 1) == [3])
    #expect(SampleGrid.spread(3, over: 2) == [2, 1])
    #expect(SampleGrid.spread(2, over: 5) == [1, 0, 1, 0, 0])
    #expect(SampleGrid.spread(0, over: 3) == [0, 0, 0])
    #expect(SampleGrid.spread(4, over: 0) == [])
    for count in 0...8 {
      for shards in 1...20 {
        let spread = SampleGrid.spread(count, over: shards)
        #expect(spread.reduce(0, +) == count)
        #expect((spread.max() ?? 0) - (spread.min() ?? 0) <= 1)
      }
    }
  }

  @Test func samplesStaySmallForAnyCollection() throws {
    let square = try #require(TensorShape([4096, 4096]))
    let small = try #require(TensorShape([64, 64]))
    for tensors in [1, 2, 30, 224, 256, 257, 3000, 100_000] {
      let every = SampleGrid.every(linearTensors: tensors)
      let sampled = (tensors + every - 1) / every
      for models in [2, 30, 200, 1000] {
        for shape in [square, small] {
          let count = SampleGrid.count(linearTensors: tensors, models: models, shape: shape)
          #expect(count >= 1)
          #expect(sampled * count * SampleGrid.side * SampleGrid.side * 4 <= 4 << 20, "\(tensors)")
          let one = models * SampleGrid.side * SampleGrid.side * 4
          #expect(one * count <= max(one, 4 << 20), "\(models)")
        }
      }
    }
    let thin = try #require(TensorShape([4096, 7]))
    #expect(SampleGrid.count(linearTensors: 1, models: 2, shape: thin) == 0)
  }
}
