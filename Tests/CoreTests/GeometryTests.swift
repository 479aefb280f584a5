import Core
import System
import Testing

@Suite struct PairIndexTests {
  @Test func pairsAreCountedRowByRow() {
    var seen: [[Int]] = []
    PairIndex(4).forEach { p, i, j in
      #expect(p == seen.count)
      seen.append([i, j])
    }
    #expect(seen == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
  }

  @Test(arguments: 0...40)
  func positionsAndOrderAgree(n: Int) {
    let pairs = PairIndex(n)
    var count = 0
    pairs.forEach { p, i, j in
      #expect(i < j && j < n)
      #expect(pairs(i, j) == p)
      #expect(p == count)
      count += 1
    }
    #expect(pairs.count == count)
  }

  @Test func aSubmatrixKeepsTheOrderOfItsMembers() {
    let matrix = SquareMatrix(3, values: [0, 1, 2, 10, 11, 12, 20, 21, 22])
    #expect(matrix.submatrix([2, 0]).values == [22, 20, 2, 0])
    #expect(matrix.submatrix([]).values == [])
  }
}

@Suite struct ShardGeometryTests {
  static let shapes: [[Int]] = [
    [], [1], [0], [0, 7], [7, 0], [5, 3], [1 << 22], [(1 << 22) + 1], [4096, 1024], [4097, 1024],
    [11_008, 4096], [4096, 11_008], [320, 4, 3, 3], [1280, 2560, 3, 3], [128_256, 4096],
    [1, 1 << 31], [1 << 31], [1 << 31, 1], [3, 5_000_000], [1 << 15, 1 << 16], [262_144, 5000, 1],
  ]

  @Test(arguments: shapes)
  func rangesCoverEveryCoordinateOnce(extents: [Int]) throws {
    let shape = try #require(TensorShape(extents))
    var next = 0
    for range in ShardGeometry.ranges(of: shape) {
      #expect(range.lowerBound == next)
      #expect(!range.isEmpty)
      #expect(range.count <= ShardGeometry.target)
      next = range.upperBound
    }
    #expect(next == shape.elements)
  }

  @Test(arguments: shapes)
  func matricesAreCutBetweenRows(extents: [Int]) throws {
    let shape = try #require(TensorShape(extents))
    guard shape.rank >= 2, 1...ShardGeometry.target ~= shape.columns else { return }
    for range in ShardGeometry.ranges(of: shape) {
      #expect(range.lowerBound % shape.columns == 0)
      #expect(range.upperBound % shape.columns == 0)
    }
  }

  @Test func smallTensorsAreOneShard() throws {
    let shape = try #require(TensorShape([1024, 4096]))
    #expect(ShardGeometry.ranges(of: shape) == [0..<(1 << 22)])
  }

  @Test func noTensorIsCutFinerThanNeeded() throws {
    let shape = try #require(TensorShape([1 << 15, 1 << 16]))
    #expect(ShardGeometry.ranges(of: shape).count == 512)
  }

  @Test func blocksHoldWholeRunsAndWholeRowsWhereShrinkageIsLookedFor() {
    #expect(ShardGeometry.quantum(columns: 7, statistics: []) == 1024)
    #expect(ShardGeometry.quantum(columns: 4096, statistics: [.l1, .max]) == 1024)
    #expect(ShardGeometry.quantum(columns: 7, statistics: .shrinkage) == 1022)
    #expect(ShardGeometry.quantum(columns: 1024, statistics: .shrinkage) == 1024)
    #expect(ShardGeometry.quantum(columns: 513, statistics: .shrinkage) == 513)
    #expect(ShardGeometry.quantum(columns: 4096, statistics: .shrinkage) == 4096)
    #expect(ShardGeometry.quantum(columns: 0, statistics: .shrinkage) == 1024)
  }

  @Test func theLeastMemoryHoldsTheSumsAndAllBlocks() {
    let few = ShardGeometry.minimumBytes(
      models: 10, bytesPerCoordinate: 20, columns: 4096, statistics: [], kept: 77)
    let working = ShardGeometry.workingBytes(models: 10, columns: 4096, statistics: [], kept: 77)
    #expect(few == working + 3 * 20 * 1024)
    #expect(working >= 77 + 45 * 8 + 10 * 1024 * 4)
    let more = ShardGeometry.workingBytes(
      models: 10, columns: 4096, statistics: [.l1, .max, .shrinkage], kept: 77)
    #expect(more >= working + 45 * 8 * 4)
  }

  /// Rows that started at the same place of the cache's sets would push each other out.
  @Test func packedRowsStartAtCacheLinesOfDifferentSets() {
    for coordinates in [1, 16, 17, 1022, 1024, 4096] {
      let lanes = ShardGeometry.packedRow(coordinates)
      #expect(lanes >= coordinates + 16 && lanes < coordinates + 48)
      #expect(lanes * 4 % ShardGeometry.cacheLine == 0)
    }
    #expect(ShardGeometry.packedRow(1024) * 4 % 4096 != 0)
  }
}
