import Core
import Encodings
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// Tensors that are put together from stored arrays, against matrices that are put together one by one.
struct SegmentReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func tensor(_ made: RandomRecipe) throws -> StoredTensor {
    let shape = try #require(TensorShape([made.matrix.count, made.matrix[0].count]))
    return StoredTensor(name: "w", shape: shape, recipe: made.recipe)
  }

  /// Reads as workers do: rows of the tensor's own type, in ranges that may start anywhere.
  private func read(_ tensor: StoredTensor, _ range: Range<Int>, _ reads: inout [Range<Int>]) throws -> [Double] {
    let type = tensor.elementType
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, range.count) * type.bytes, alignment: 64)
    defer { bytes.deallocate() }
    let start = try #require(bytes.baseAddress)
    var asked: [Range<Int>] = []
    let isWhole = try SegmentReader().read(tensor, range, as: type, into: start) {
      (file, into, offset) throws(Failure) in
      try WeightFile(path: file).read(into: into, at: offset, what: "w")
      asked.append(offset..<offset + into.count)
      return true
    }
    #expect(isWhole)
    reads += asked
    var floats = [Float](repeating: 0, count: range.count)
    guard type != .f64 else {
      return (0..<range.count).map { start.load(fromByteOffset: 8 * $0, as: Double.self) }
    }
    Encoding(type).decode(EncodedBlocks(bytes: start, count: range.count), to: &floats)
    return floats.map(Double.init)
  }

  @Test(arguments: [
    [Encoding.f32], [.bf16], [.f16], [.f64], [.q8_0], [.f8e4m3, .f8e5m2], [.bf16, .f16], [.f32, .q8_0, .bf16],
    Encoding.all.filter(\.companions.isEmpty),
  ])
  func anyRecipeMakesTheMatrixThatItSays(_ encodings: [Encoding]) throws {
    var random = Seeded.fresh()
    for round in 0..<60 {
      let made = try RandomRecipe.make(depth: 6, encodings: encodings, in: folder, using: &random)
      let tensor = try tensor(made)
      #expect(tensor.isPossible, "round \(round), seed \(random.seed): \(made.recipe)")
      let expected = made.matrix.flatMap { $0 }
      var reads: [Range<Int>] = []
      var start = 0
      var found: [Double] = []
      while start < expected.count {
        let most = Bool.random(using: &random) ? expected.count : 17
        let end = min(expected.count, start + Int.random(in: 1...most, using: &random))
        found += try read(tensor, start..<end, &reads)
        start = end
      }
      #expect(found == expected, "round \(round), seed \(random.seed): \(made.recipe)")
      #expect(try tensor.values().map(Double.init) == expected.map { Double(Float($0)) })
    }
  }

  /// Also where a recipe turns, reorders and cuts, as long as blocks are not larger than a number.
  @Test(arguments: [[Encoding.f32], [.bf16], [.f64, .f16], [.f8e4m3]])
  func eachByteIsReadOnceAndOnlyWhatIsAskedFor(_ encodings: [Encoding]) throws {
    var random = Seeded.fresh()
    for round in 0..<60 {
      let made = try RandomRecipe.make(depth: 5, encodings: encodings, in: folder, using: &random)
      let tensor = try tensor(made)
      var reads: [Range<Int>] = []
      let half = tensor.shape.elements / 2
      _ = try read(tensor, 0..<half, &reads)
      _ = try read(tensor, half..<tensor.shape.elements, &reads)
      #expect(reads.reduce(0) { $0 + $1.count } == tensor.bytes, "round \(round), seed \(random.seed): \(made.recipe)")
    }
  }

  /// Larger than the reader's buffers in every direction.
  @Test(arguments: [Encoding.bf16, .q8_0], [[600, 1000], [3, 200_000], [200_000, 3]])
  func matricesLargerThanTheBuffersAreRightToo(_ encoding: Encoding, _ extents: [Int]) throws {
    var random = Seeded.fresh()
    let (rows, columns) = (extents[0], extents[1])
    let blocks = rows * columns / encoding.blockElements
    // Small exponents: every number is finite.
    let bytes = (0..<blocks * encoding.blockBytes).map { _ in UInt8.random(in: 0..<0x3c, using: &random) }
    let file = try folder.write(bytes, to: "large")
    let shape = try #require(TensorShape(extents))
    let array = StoredArray(encoding: encoding, shape: shape, file: file, offset: 0)
    let numbers = try StoredTensor(name: "w", shape: shape, recipe: .stored(array)).values()
    let order = (0..<columns).shuffled(using: &random)
    let turned = StoredTensor(
      name: "w", shape: try #require(TensorShape([columns, rows])),
      recipe: .reordered(.listed(order.map { Int32($0) }), of: .transposed(.stored(array))))
    let expected = order.flatMap { column in (0..<rows).map { numbers[$0 * columns + column] } }
    #expect(try turned.values() == expected, "seed \(random.seed)")
    let mixed = StoredTensor(name: "w", shape: shape, recipe: .transposed(turned.recipe))
    #expect(
      try mixed.values() == (0..<rows).flatMap { row in order.map { numbers[row * columns + $0] } },
      "seed \(random.seed)")
  }

  @Test func scalesInAnotherArrayReachTheirBlocks() throws {
    // Bytes times the scale of their row, as a quantized format of the future may have it.
    let tensors = [TestTensor("scale", .f16, [3], [0.5, 2, -4])]
    let file = try folder.write((1...12).map { UInt8($0) } + tensors[0].bytes, to: "scaled")
    let scale = StoredArray(encoding: .f16, shape: try #require(TensorShape([3])), file: file, offset: 12)
    let shape = try #require(TensorShape([3, 4]))
    let array = StoredArray(
      encoding: .scaledI8, shape: shape, file: file, offset: 0,
      companions: [.init(scale, tile: EncodedBlocks.Tile(rows: 1, columns: 4))])
    let expected: [Float] = [0.5, 1, 1.5, 2, 10, 12, 14, 16, -36, -40, -44, -48]
    let tensor = StoredTensor(name: "w", shape: shape, recipe: .stored(array))
    #expect(tensor.isPossible && tensor.bytes == 12 + 6)
    #expect(try tensor.values() == expected)
    #expect(try tensor.values(from: 3, count: 6) == Array(expected[3..<9]))
    let lacking = StoredTensor(name: "w", encoding: .scaledI8, shape: shape, file: file, offset: 0)
    #expect(!lacking.isPossible)
  }

  @Test func aFileThatEndsTooEarlyIsNamed() throws {
    let file = try folder.write([UInt8](repeating: 0, count: 34 * 3), to: "short")
    let shape = try #require(TensorShape([4, 32]))
    let tensor = StoredTensor(name: "blk.0", encoding: .q8_0, shape: shape, file: file, offset: 0)
    #expect(try tensor.values(from: 0, count: 96).count == 96)
    let error = try #require(failure { _ = try tensor.values() })
    #expect(error.kind == .badInput && error.message.contains(file) && error.message.contains("'blk.0'"))
  }

  @Test func plainRowsOfOneArrayAreReadWhereTheyLie() throws {
    let shape = try #require(TensorShape([10, 8]))
    let array = StoredArray(encoding: .bf16, shape: shape, file: "f", offset: 100)
    let slice = StoredTensor(
      name: "w", shape: try #require(TensorShape([3, 8])), recipe: .rows(2..<5, of: .rows(1..<9, of: .stored(array))))
    #expect(slice.plainPlace?.offset == 100 + 3 * 16)
    #expect(slice.bytes == 3 * 16 && slice.readingBytes == 0 && slice.encodings == [.bf16])
    let other = StoredTensor(name: "w", shape: shape, recipe: .transposed(.transposed(.stored(array))))
    #expect(other.plainPlace == nil && other.readingBytes > 0)
    #expect(!other.recipe.isTurned && Recipe.transposed(.stored(array)).isTurned)
  }
}
