import Core
import Testing
import Wire

/// What a worker computes from the numbers of an assignment before it has read a weight.
@Suite struct AssignmentLimitTests {
  /// The largest numbers that are let through, in the shapes that make most of them: nothing overflows.
  @Test func nothingOverflowsAtTheLimits() throws {
    typealias Assignment = CoordinatorMessage.Assignment
    let most = ShardGeometry.mostWeights
    for extents in [[most], [1, most], [most, 1], [1 << 20, 1 << 20], [1, 1, most]] {
      let shape = try #require(TensorShape(extents))
      let sketch = SampleShape(rows: shape.rows, columns: shape.columns)
      let assignment = Assignment(
        run: "r", shard: ShardID(.max), attempt: .max, shape: shape, firstRow: most, coordinates: 0..<most,
        statistics: Statistics(rawValue: 255), samples: SampleGrid.most, spectrum: SpectrumGrid.largestSide,
        sketch: sketch, sources: [.init(tensor: "t", models: Array(0..<Assignment.mostModels))])
      #expect(assignment.flaw == nil)
      let kept = ShardGeometry.keptBytes(
        models: Assignment.mostModels, shape: shape, samples: assignment.samples, spectrum: assignment.spectrum,
        sketch: sketch)
      // The widest type has eight bytes.
      let needed = ShardGeometry.minimumBytes(
        models: Assignment.mostModels, bytesPerCoordinate: 8 * Assignment.mostModels, columns: shape.columns,
        statistics: assignment.statistics, kept: kept)
      #expect(0 < kept && kept < 1 << 62 && kept < needed)
    }
  }

  /// One step beyond each limit there is a flaw.
  @Test func whatIsBeyondALimitIsAFlaw() throws {
    typealias Assignment = CoordinatorMessage.Assignment
    let shape = try #require(TensorShape([8, 8]))
    let good = Assignment(
      run: "r", shard: ShardID(0), attempt: 1, shape: shape, coordinates: 0..<64, statistics: [],
      sources: [.init(tensor: "t", models: [0, 1])])
    #expect(good.flaw == nil)
    let changes: [(inout Assignment) -> Void] = [
      { $0.shape = TensorShape([ShardGeometry.mostWeights + 1]) ?? $0.shape },
      { $0.firstRow = ShardGeometry.mostWeights + 1 }, { $0.firstRow = -1 }, { $0.start = -1 }, { $0.start = 64 },
      { $0.end = 65 }, { $0.samples = SampleGrid.most + 1 }, { $0.samples = -1 },
      { $0.spectrum = SpectrumGrid.largestSide + 1 }, { $0.spectrum = -1 },
      { $0.part = ShardPart(wholeOf: 16) },
      {
        $0.shape = TensorShape([64]) ?? $0.shape; $0.part = ShardPart(wholeOf: 8)
      },
      {
        $0.sketch = SampleShape(rows: 8, columns: 8)
        $0.part = ShardPart(wholeOf: 8)
      },
      { $0.sketch = SampleShape(rows: 9, columns: 8) }, { $0.sketch = SampleShape(rows: 8, columns: 0) },
      { $0.sources = [] }, { $0.sources = [.init(tensor: "t", models: [])] },
      { $0.sources = [.init(tensor: "t", models: [0]), .init(tensor: "u", models: [0])] },
      { $0.sources = [.init(tensor: "t", models: Array(0...Assignment.mostModels))] },
    ]
    for (number, change) in changes.enumerated() {
      var bad = good
      change(&bad)
      #expect(bad.flaw != nil, "change \(number)")
    }
  }
}
