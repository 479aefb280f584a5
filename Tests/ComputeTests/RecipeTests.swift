import Compute
import Core
import Encodings
import Storage
import Synchronization
import System
import TestSupport
import Testing
import Wire

/// Shards of tensors that are put together or decoded, against the same numbers stored as they are.
struct RecipeTests {
  private let folder: TemporaryFolder
  private let shape: TensorShape

  init() throws {
    folder = try TemporaryFolder()
    shape = try #require(TensorShape([300, 70]))
  }

  private func store(_ name: String, _ recipe: Recipe) throws -> String {
    let path = folder.at("\(name).h5")
    try ModelStoreWriter.write(
      to: path, model: name, tensors: [StoredTensor(name: "w", shape: shape, recipe: recipe)], setAside: [],
      sources: [], mode: .places)
    return path
  }

  private func array(_ name: String, _ extents: [Int], _ bytes: [UInt8], _ encoding: Encoding = .f32) throws -> Recipe {
    let file = try folder.write(bytes, to: name)
    return .stored(
      StoredArray(encoding: encoding, shape: try #require(TensorShape(extents)), file: file, offset: 0))
  }

  private func floats(_ values: [Double]) -> [UInt8] { TestTensor("", .f32, [values.count], values).bytes }

  /// Stores of one model's numbers, the first one as they are.
  private func stores(_ values: [Double], tag: String = "") throws -> [String] {
    let turned = (0..<70).flatMap { column in (0..<300).map { values[$0 * 70 + column] } }
    let order = (0..<300).map { Int32(($0 * 7 + 3) % 300) }
    var shuffled = Array(repeating: 0.0, count: values.count)
    for (row, source) in order.enumerated() {
      for column in 0..<70 { shuffled[Int(source) * 70 + column] = values[row * 70 + column] }
    }
    // Rows in blocks of 6 x 5, stored as 5 x 6.
    var swapped: [Double] = []
    for block in 0..<10 {
      for i in 0..<5 {
        for o in 0..<6 {
          let row = block * 30 + o * 5 + i
          swapped += values[row * 70..<(row + 1) * 70]
        }
      }
    }
    var wide: [Double] = []
    for row in 0..<300 {
      wide += Array(repeating: 9.0, count: 13)
      wide += values[row * 70..<(row + 1) * 70]
      wide += [8, 7]
    }
    return [
      try store("plain\(tag)", array("a\(tag)", [300, 70], floats(values))),
      try store("turned\(tag)", .transposed(array("b\(tag)", [70, 300], floats(turned)))),
      try store(
        "cut\(tag)",
        .concatenated([
          array("c\(tag)", [100, 70], floats(Array(values[..<7000]))),
          .rows(1..<201, of: array("d\(tag)", [202, 70], floats(Array(values[6930...] + values[..<70])))),
        ])),
      try store("shuffled\(tag)", .reordered(.listed(order), of: array("e\(tag)", [300, 70], floats(shuffled)))),
      try store(
        "swapped\(tag)",
        .reordered(.swapped(outer: 6, inner: 5, run: 1), of: array("f\(tag)", [300, 70], floats(swapped)))),
      try store("wide\(tag)", .columns(13..<83, of: array("g\(tag)", [300, 85], floats(wide)))),
    ]
  }

  private func compute(
    _ stores: [String], _ range: Range<Int>, memory: Int, statistics: Statistics = [.l1, .max],
    onRead: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> Partial {
    let assignment = CoordinatorMessage.Assignment(
      run: "", shard: ShardID(0), attempt: 1, shape: shape, coordinates: range, statistics: statistics,
      sources: [.init(tensor: "w", models: Array(stores.indices))])
    return try #require(
      try ShardStream.compute(
        assignment, stores: stores, library: StoreCache(), memoryBytes: memory, onRead: onRead))
  }

  private var values: [Double] {
    var random = SeededRandom(42)
    return (0..<21000).map { _ in random.nextWeight() }
  }

  @Test func howATensorIsStoredChangesNoBitWhateverTheMemory() throws {
    let first = try stores(values)
    var random = SeededRandom(1)
    let second = try stores(values.map { $0 + 1e-2 * random.nextWeight() }, tag: "2")
    let least =
      SegmentReader.memoryBytes
      + ShardGeometry.minimumBytes(models: 2, bytesPerCoordinate: 8, columns: 70, statistics: [.l1, .max])
    for range in [0..<21000, 7000..<14070, 0..<70] {
      let expected = try compute([first[0], second[0]], range, memory: 1 << 30)
      for place in first.indices.dropFirst() {
        for memory in [least, least + 9999, 2 * least, 1 << 30] {
          let found = try compute([first[place], second[second.count - place]], range, memory: memory)
          #expect(found == expected, "store \(place), \(range), \(memory) bytes")
        }
      }
    }
  }

  @Test func eachByteOfATurnedTensorIsReadOnce() throws {
    let stores = try stores(values)
    for memory in [1 << 20, 1 << 30] {
      let read = Mutex(0)
      _ = try compute([stores[0], stores[1]], 7000..<14070, memory: memory) { bytes in read.withLock { $0 += bytes } }
      #expect(read.withLock { $0 } == 2 * 4 * 7070)
    }
  }

  @Test(arguments: [Encoding.q8_0, .f8e4m3, .f8e5m2])
  func encodedWeightsAreComparedAsTheirNumbers(_ encoding: Encoding) throws {
    var random = SeededRandom(9)
    let blocks = (21000 + encoding.blockElements - 1) / encoding.blockElements
    var pairs: [(plain: String, encoded: String)] = []
    for model in 0..<3 {
      // Small exponents: every number is finite.
      let bytes = (0..<blocks * encoding.blockBytes).map { _ in UInt8.random(in: 0..<0x3c, using: &random) }
      let recipe = try array("q\(model)", [300, 70], bytes, encoding)
      let numbers = try StoredTensor(name: "w", shape: shape, recipe: recipe).values()
      pairs.append(
        (
          try store("plain\(model)", array("p\(model)", [300, 70], floats(numbers.map(Double.init)))),
          try store("encoded\(model)", recipe)
        ))
    }
    for range in [0..<21000, 7000..<14070] {
      let expected = try compute(pairs.map(\.plain), range, memory: 1 << 30)
      for memory in [SegmentReader.memoryBytes + (1 << 18), 1 << 30] {
        #expect(try compute(pairs.map(\.encoded), range, memory: memory) == expected)
        #expect(try compute([pairs[0].plain, pairs[1].encoded, pairs[2].plain], range, memory: memory) == expected)
      }
    }
  }

  @Test func whatReadingTakesCountsAsMemory() throws {
    let stores = try stores(values)
    let least = ShardGeometry.minimumBytes(models: 1, bytesPerCoordinate: 4, columns: 70, statistics: [])
    _ = try compute([stores[0]], 0..<70, memory: least, statistics: [])
    let error = try #require(
      failure { _ = try compute([stores[1]], 0..<70, memory: least, statistics: []) })
    #expect(error.kind == .usage)
    #expect(error.message.contains("\(ByteCount(bytes: least + SegmentReader.memoryBytes))"))
  }
}
