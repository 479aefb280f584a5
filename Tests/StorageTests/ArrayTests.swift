import Core
import Storage
import System
import TestSupport
import Testing

/// Arrays of numbers and strings, as result files hold them.
struct ArrayTests {
  private struct Found: Decodable {
    var dtype: String
    var shape: [Int]
    var numbers: [Double?]
    var strings: [String]
    var attributes: [String: String]
  }

  private let folder: TemporaryFolder
  private let path: String
  private let strings = [
    "plain", "", "Größe", "层", "🌲 and \"quotes\"\n", String(repeating: "x", count: 70_000),
  ]
  private let doubles = [1.5, -.infinity, .nan, 1e300, -0.0, .leastNonzeroMagnitude]

  init() throws {
    folder = try TemporaryFolder()
    path = folder.at("arrays.h5")
  }

  private func fill() throws {
    let file = try HDF5File(creating: path)
    try file.makeGroup("/deep/group")
    try file.write(doubles, shape: [2, 3], to: "/deep/group/doubles")
    try file.write([Int64.min, 0, .max], shape: [3], to: "/integers")
    try file.write([UInt8](0...255), shape: [16, 16], to: "/bytes")
    try file.write([Double](), shape: [0, 4], to: "/nothing")
    try file.write([7.0], shape: [], to: "/scalar")
    try file.write(strings, to: "/strings")
    try file.write([String](), to: "/no_strings")
    try file.setAttribute("unit", of: "/integers", to: "Meter²")
    try file.setAttribute("empty", of: "/integers", to: "")
    try file.setAttribute("count", of: "/integers", to: -3)
    let layers = try file.makeLayers("/layers", layers: 2, n: 2)
    try layers.write(SquareMatrix(2, values: [5, 6, 7, 8]), layer: 1)
    try layers.write(SquareMatrix(2, values: [1, 2, 3, 4]), layer: 0)
    try layers.flush()
    try file.close()
  }

  /// Small ones, of which many are written at a time, and large ones.
  @Test(arguments: [1, 7, 100, 300]) func layersAreWhereTheyBelongInWhateverOrder(_ n: Int) throws {
    let count = 40
    let file = try HDF5File(creating: path)
    let layers = try file.makeLayers("/layers", layers: count, n: n)
    var order = Array(0..<count)
    order.swapAt(5, 20)
    order.swapAt(38, 39)
    for layer in order {
      let values = (0..<n * n).map { Double(layer * n * n + $0) }
      try layers.write(SquareMatrix(n, values: values), layer: layer)
    }
    try layers.flush()
    #expect(try file.doubles("/layers") == (0..<count * n * n).map(Double.init))
    try file.close()
  }

  @Test func h5pyReadsWhatWasWritten() throws {
    try fill()
    let found: [String: Found] = try Oracle.run("arrays.py", path)
    let array = try #require(found["deep/group/doubles"])
    #expect(array.dtype == "float64")
    #expect(array.shape == [2, 3])
    #expect(array.numbers == [1.5, -.infinity, nil, 1e300, 0, .leastNonzeroMagnitude])
    #expect(found["integers"]?.dtype == "int64")
    #expect(found["integers"]?.numbers == [-0x1p63, 0, 0x1p63])
    #expect(found["integers"]?.attributes == ["unit": "Meter²", "empty": "", "count": "-3"])
    #expect(found["bytes"]?.dtype == "uint8")
    #expect(found["bytes"]?.numbers == (0...255).map(Double.init))
    #expect(found["nothing"]?.shape == [0, 4])
    #expect(found["scalar"]?.shape == [])
    #expect(found["scalar"]?.numbers == [7])
    #expect(found["strings"]?.dtype == "utf-8")
    #expect(found["strings"]?.strings == strings)
    #expect(found["no_strings"]?.shape == [0])
    #expect(found["layers"]?.shape == [2, 2, 2])
    #expect(found["layers"]?.numbers == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test func whatWasWrittenIsReadBack() throws {
    try fill()
    let file = try HDF5File(reading: path)
    #expect(try file.strings("/strings") == strings)
    #expect(try file.strings("/no_strings") == [])
    #expect(try file.doubles("/deep/group/doubles").map(\.bitPattern) == doubles.map(\.bitPattern))
    #expect(try file.doubles("/bytes").count == 256)
    #expect(try file.doubles("/layers") == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test func missingAndMistypedArraysAreNamed() throws {
    try fill()
    let file = try HDF5File(reading: path)
    for body in [{ _ = try file.strings("/none") }, { _ = try file.strings("/bytes") }] {
      let error = try #require(failure { try body() })
      #expect(error.kind == .badInput)
      #expect(error.message.contains(path))
    }
    #expect(try #require(failure { _ = try file.doubles("/none") }).message.contains("/none"))
  }

  @Test func fileBelowAFileCannotBeCreated() throws {
    try folder.write("text", to: "file")
    let error = try #require(failure { _ = try HDF5File(creating: folder.at("file/x.h5")) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains(folder.at("file/x.h5")))
  }

  @Test func closingTwiceIsHarmless() throws {
    let file = try HDF5File(creating: path)
    try file.close()
    try file.close()
  }
}
