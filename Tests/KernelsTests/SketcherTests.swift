import Core
import Kernels
import System
import TestSeed
import Testing

/// Sketches against Psi^T W Omega, with both maps written out as matrices.
@Suite struct SketcherTests {
  struct Case: Sendable {
    let extents: [Int]
    let sketch: SampleShape
  }

  static let cases = [
    Case(extents: [40, 30], sketch: SampleShape(rows: 40, columns: 30)),
    Case(extents: [90, 70], sketch: SampleShape(rows: 16, columns: 16)),
    Case(extents: [90, 24], sketch: SampleShape(rows: 32, columns: 24)),
    Case(extents: [24, 333], sketch: SampleShape(rows: 24, columns: 32)),
    Case(extents: [20, 9, 3, 3], sketch: SampleShape(rows: 16, columns: 16)),
    Case(extents: [3, 5000], sketch: SampleShape(rows: 3, columns: 48)),
  ]

  private static func models(_ shape: TensorShape, _ random: inout Seeded) -> [Weights] {
    ElementType.allCases.map { type in
      Weights((0..<shape.elements).map { _ in 0.02 * random.normal() }, type)
    }
  }

  private static func sketch(
    _ models: [Weights], _ shape: TensorShape, _ sketch: SampleShape, rows: Range<Int>? = nil, cuts: [Int] = []
  ) throws -> Sketch {
    let range = rows ?? 0..<shape.rows
    let (start, end) = (range.lowerBound * shape.columns, range.upperBound * shape.columns)
    let accumulator = ShardAccumulator(
      types: models.map(\.type), columns: shape.columns, statistics: [],
      sketch: SketchMap(tensor: shape, shape: sketch), start: start)
    var from = start
    for cut in cuts + [end] {
      accumulator.add(rows: models.map { $0.start + from * $0.type.bytes }, count: cut - from)
      from = cut
    }
    return try #require(accumulator.partial.sketch)
  }

  /// Row r of the first matrix: where row r goes, column c of the second alike.
  private static func matrices(_ shape: TensorShape, _ map: SketchMap) -> (rows: [[Double]], columns: [[Double]]) {
    var rows = Array(repeating: Array(repeating: 0.0, count: map.shape.rows), count: shape.rows)
    for row in 0..<shape.rows { map.eachPlace(ofRow: row) { rows[row][$0] += $1 } }
    var columns = Array(repeating: Array(repeating: 0.0, count: map.shape.columns), count: shape.columns)
    for copy in 0..<map.columnCopies {
      map.eachStretch(0..<shape.columns, copy: copy) { column, target, count in
        for k in 0..<count { columns[column + k][target + k] += Double(map.signs[copy * shape.columns + column + k]) }
      }
    }
    return (rows, columns)
  }

  @Test(arguments: cases)
  func sketchIsTheProductOfTheThreeMatrices(_ example: Case) throws {
    var random = Seeded.fresh()
    let shape = try #require(TensorShape(example.extents))
    let map = SketchMap(tensor: shape, shape: example.sketch)
    let (left, right) = Self.matrices(shape, map)
    let models = Self.models(shape, &random)
    let found = try Self.sketch(models, shape, example.sketch)
    for (number, model) in models.enumerated() {
      var expected = Array(repeating: 0.0, count: map.shape.count)
      var largest = 0.0
      for row in 0..<shape.rows {
        for column in 0..<shape.columns {
          let weight = model.values[row * shape.columns + column]
          largest = max(largest, abs(weight))
          for (a, x) in left[row].enumerated() where x != 0 {
            for (b, y) in right[column].enumerated() where y != 0 {
              expected[a * map.shape.columns + b] += map.scale * x * y * weight
            }
          }
        }
      }
      for (a, b) in zip(found.values(of: number), expected) {
        #expect(abs(a - b) <= 1e-6 * max(abs(b), largest), "\(example), \(model.type), seed \(random.seed)")
      }
    }
  }

  /// Every row and every column must go somewhere, in four places with as many signs.
  @Test(arguments: cases)
  func everyRowAndColumnIsInTheSketch(_ example: Case) throws {
    let shape = try #require(TensorShape(example.extents))
    let map = SketchMap(tensor: shape, shape: example.sketch)
    var places = 0
    for row in 0..<shape.rows {
      map.eachPlace(ofRow: row) { target, sign in
        #expect(0..<map.shape.rows ~= target && abs(sign) == 1)
        places += 1
      }
    }
    #expect(places == shape.rows * (shape.rows > map.shape.rows ? SketchMap.copies : 1))
    let spread = Set(
      (0..<shape.rows).flatMap { row in
        var targets: [Int] = []
        map.eachPlace(ofRow: row) { target, _ in targets.append(target) }
        return targets
      })
    #expect(spread.count > map.shape.rows * 9 / 10)
    for copy in 0..<map.columnCopies {
      var seen = Array(repeating: 0, count: shape.columns)
      map.eachStretch(0..<shape.columns, copy: copy) { column, target, count in
        #expect(target >= 0 && target + count <= map.shape.columns)
        for k in column..<column + count { seen[k] += 1 }
      }
      #expect(seen.allSatisfy { $0 == 1 })
    }
  }

  @Test func blocksDoNotChangeABit() throws {
    var random = Seeded.fresh()
    let shape = try #require(TensorShape([37, 700]))
    let models = Self.models(shape, &random)
    let whole = try Self.sketch(models, shape, SampleShape(rows: 16, columns: 48))
    for _ in 0..<20 {
      let cuts = (0..<Int.random(in: 1...9, using: &random)).map { _ in
        Int.random(in: 0...shape.elements, using: &random)
      }.sorted()
      let cut = try Self.sketch(models, shape, SampleShape(rows: 16, columns: 48), cuts: cuts)
      #expect(cut == whole, "\(cuts), seed \(random.seed)")
    }
  }

  @Test func sketchesOfRowRangesAddUp() throws {
    var random = Seeded.fresh()
    let shape = try #require(TensorShape([64, 50]))
    let models = Self.models(shape, &random)
    let size = SampleShape(rows: 24, columns: 16)
    let whole = try Self.sketch(models, shape, size)
    var sum = try Self.sketch(models, shape, size, rows: 0..<17)
    for range in [17..<40, 40..<64] { sum.add(try Self.sketch(models, shape, size, rows: range)) }
    for (a, b) in zip(sum.values, whole.values) { #expect(abs(a - b) < 1e-6, "seed \(random.seed)") }
  }
}

@Suite struct ExtremesTests {
  @Test(arguments: ComparisonTests.mixtures)
  func leastAndLargestDifferencesKeepTheirSigns(types: [ElementType]) {
    var random = Seeded.fresh()
    for (n, count, columns) in [(2, 1, 1), (3, 17, 17), (5, 5000, 5000), (9, 1025, 41), (26, 3000, 3000)] {
      let models = ComparisonTests.models(n, count, types, &random)
      for statistics in [Statistics.extremes, [.extremes, .l1], [.extremes, .shrinkage]] {
        let found = accumulate(models, columns: columns, statistics: statistics)
        PairIndex(n).forEach { p, i, j in
          let differences = zip(models[i].values, models[j].values).map { $0 - $1 }
          for (value, expected) in [(found.lowest[p], differences.min()), (found.highest[p], differences.max())] {
            // Differences of floats are rounded to floats.
            #expect(
              abs(value - (expected ?? .nan)) <= 0x1p-24 * abs(expected ?? .nan),
              "\(n) models, \(count) coordinates, \(types), seed \(random.seed)")
          }
        }
      }
    }
  }
}
