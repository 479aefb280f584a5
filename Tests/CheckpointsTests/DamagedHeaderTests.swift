import Checkpoints
import Core
import Storage
import System
import TestSupport
import Testing

/// A way in which a header can be wrong, and the words that must say so.
struct DamagedHeader: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var header: String
  var bodyBytes: Int
  var words: [String]
  /// Instead of the true length.
  var announced: UInt64?

  init(_ what: String, _ header: String, body: Int = 0, announced: UInt64? = nil, says words: String...) {
    testDescription = what
    self.header = header
    bodyBytes = body
    self.words = words
    self.announced = announced
  }

  /// Entries `name: [dtype, shape, offsets]` with nothing wrong in the syntax.
  private static func entries(_ list: (String, String, String, String)...) -> String {
    "{"
      + list.map { "\"\($0.0)\":{\"dtype\":\"\($0.1)\",\"shape\":\($0.2),\"data_offsets\":\($0.3)}" }
      .joined(separator: ",") + "}"
  }

  static let syntax = [
    DamagedHeader("no JSON", "{not json", says: "cannot be read"),
    DamagedHeader("a list", "[]", says: "not a JSON object"),
    DamagedHeader("nothing", "", says: "not a JSON object"),
    DamagedHeader("other bytes", "PK\u{3}\u{4}", says: "not a JSON object"),
    DamagedHeader("JSON that ends early", "{\"w\":{\"dtype\":\"F32\"", says: "cannot be read"),
    DamagedHeader("a tensor that is a number", "{\"w\":1}", says: "cannot be read", "w"),
    DamagedHeader("no type", "{\"w\":{\"shape\":[1],\"data_offsets\":[0,4]}}", body: 4, says: "w", "dtype"),
    DamagedHeader(
      "no shape", "{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}",
      body: 4, says: "w", "shape"),
    DamagedHeader(
      "no offsets", "{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}",
      body: 4, says: "w", "data_offsets"),
    DamagedHeader("a text as shape", entries(("w", "F32", "\"1\"", "[0,4]")), body: 4, says: "w > shape"),
    DamagedHeader(
      "a fraction as extent", entries(("w", "F32", "[1.5]", "[0,4]")),
      body: 4, says: "w > shape", "not a whole number"),
    DamagedHeader(
      "an offset beyond 64 bits", entries(("w", "F32", "[1]", "[0,18446744073709551616]")), body: 4,
      says: "w > data_offsets", "not a whole number"),
    DamagedHeader(
      "more dimensions than HDF5 can keep",
      entries(("w", "F32", "[\(Array(repeating: "1", count: 33).joined(separator: ","))]", "[0,4]")), body: 4,
      says: "'w' has 33 dimensions", "32"),
    DamagedHeader("longer than the file", "{}", announced: 1000, says: "header of 1000 bytes", "only 2"),
    DamagedHeader("longer than allowed", "{}", announced: 100_000_001, says: "100000001", "100000000"),
    DamagedHeader("longer than any file", "{}", announced: .max, says: "18446744073709551615"),
    DamagedHeader("a name of no letters", entries(("", "F32", "[1]", "[0,4]")), body: 4, says: "empty"),
    DamagedHeader(
      "a name with a zero byte", entries(("a\\u0000b", "F32", "[1]", "[0,4]")),
      body: 4, says: "zero byte"),
  ]

  static let places = [
    DamagedHeader(
      "a negative offset", entries(("w", "F32", "[2]", "[-4,4]")),
      body: 8, says: "'w'", "[-4, 4]"),
    DamagedHeader(
      "offsets that run backwards", entries(("w", "F32", "[1]", "[4,0]")),
      body: 4, says: "'w'", "[4, 0]"),
    DamagedHeader(
      "three offsets", entries(("w", "F32", "[1]", "[0,2,4]")),
      body: 4, says: "'w'", "3 data offsets"),
    DamagedHeader("one offset", entries(("w", "F32", "[1]", "[0]")), body: 4, says: "'w'", "1 data offsets"),
    DamagedHeader(
      "tensors that overlap", entries(("a", "F32", "[2]", "[0,8]"), ("b", "F32", "[2]", "[4,12]")),
      body: 12, says: "'b' overlaps", "'a'"),
    DamagedHeader(
      "two tensors in one place", entries(("a", "F32", "[2]", "[0,8]"), ("b", "F32", "[2]", "[0,8]")),
      body: 8, says: "overlaps with tensor"),
    DamagedHeader(
      "a hole", entries(("a", "F32", "[1]", "[0,4]"), ("b", "F32", "[1]", "[8,12]")), body: 12,
      says: "4 bytes before tensor 'b'"),
    DamagedHeader(
      "a hole in front", entries(("a", "F32", "[1]", "[4,8]")),
      body: 8, says: "4 bytes before tensor 'a'"),
    DamagedHeader(
      "bytes behind the last", entries(("a", "F32", "[1]", "[0,4]")),
      body: 7, says: "3 bytes after tensor 'a'"),
    DamagedHeader("bytes and no tensor", "{}", body: 4, says: "4 bytes after the header"),
    DamagedHeader(
      "an end behind the file", entries(("w", "F32", "[25]", "[0,100]")),
      body: 96, says: "'w'", "100", "96", "cut off"),
    DamagedHeader(
      "the largest offset", entries(("w", "F32", "[1]", "[9223372036854775803,9223372036854775807]")),
      body: 4, says: "'w'", "9223372036854775807"),
    DamagedHeader(
      "a shape that overflows", entries(("w", "F32", "[4294967296,4294967296]", "[0,4]")), body: 4,
      says: "'w'", "impossible shape", "4294967296"),
    DamagedHeader(
      "a byte count that overflows", entries(("w", "F32", "[2305843009213693951]", "[0,4]")), body: 4,
      says: "'w'", "4 bytes", "more than can be counted"),
    DamagedHeader("a negative extent", entries(("w", "F32", "[-1]", "[0,4]")), body: 4, says: "'w'", "[-1]"),
    DamagedHeader(
      "too few bytes", entries(("w", "F32", "[3]", "[0,8]")),
      body: 8, says: "'w'", "8 bytes", "[3] of F32", "12"),
    DamagedHeader(
      "too many bytes", entries(("w", "BF16", "[3]", "[0,8]")),
      body: 8, says: "'w'", "8 bytes", "[3] of BF16", "6"),
    DamagedHeader(
      "integers of a wrong size", entries(("w", "I64", "[1]", "[0,4]")),
      body: 4, says: "'w'", "I64"),
    DamagedHeader(
      "one name twice", entries(("w", "F32", "[1]", "[0,4]"), ("w", "F32", "[1]", "[4,8]")), body: 8,
      says: "'w' twice"),
    DamagedHeader(
      "one name twice in one place", entries(("w", "F32", "[1]", "[0,4]"), ("w", "F32", "[1]", "[0,4]")),
      body: 4, says: "'w' twice"),
    DamagedHeader(
      "one name twice, spelled differently",
      entries(("w", "F32", "[1]", "[0,4]"), ("\\u0077", "F32", "[1]", "[4,8]")), body: 8,
      says: "'w' twice"),
  ]
}

/// Nothing that a file says about itself is believed before it is checked.
struct DamagedHeaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: DamagedHeader.syntax + DamagedHeader.places)
  func damageIsNamedWithItsFile(_ damage: DamagedHeader) throws {
    let path = try folder.write(
      Safetensors.raw(
        header: damage.header, body: Array(repeating: 1, count: damage.bodyBytes),
        announced: damage.announced), to: "m.safetensors")
    let error = try #require(
      failure { _ = try Models.importOne(path, into: folder.at("stores")) }, "was imported")
    #expect(error.kind == .badInput)
    #expect(error.message.contains("'\(path)'"))
    for words in damage.words { #expect(error.message.contains(words), "\(error.message)") }
    #expect(!error.advice.isEmpty)
    #expect(try folder.names(in: "stores").isEmpty, "something half-written was left behind")
  }

  @Test func fileThatIsCutOffAnywhereIsRefused() throws {
    let whole = Safetensors.encode([
      TestTensor("a", .f32, [3], [1, 2, 3]), TestTensor("b", .f16, [2], [1, 2]),
    ])
    for length in whole.indices {
      let path = try folder.write(Array(whole[..<length]), to: "m.safetensors")
      let error = try #require(
        failure { _ = try Models.importOne(path, into: folder.at("stores")) },
        "\(length) of \(whole.count) bytes were imported")
      #expect(error.kind == .badInput)
      #expect(error.message.contains(path))
    }
  }

  @Test func namesFromFilesCannotDriveTheTerminal() throws {
    let path = try folder.write(
      Safetensors.raw(
        header: "{\"\\u001b[2Jw\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        body: [0, 0, 0, 0]), to: "m.safetensors")
    let error = try #require(failure { _ = try Models.importOne(path, into: folder.at("stores")) })
    #expect(error.description.contains("\\u{1b}[2Jw"))
    #expect(!error.description.unicodeScalars.contains("\u{1b}"))
  }

  @Test func randomDamageNeverCrashesNorPointsOutsideTheFile() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededRandom(seed)
    let whole = Safetensors.encode(
      [
        TestTensor("a.weight", .f32, [2, 3], [1, 2, 3, 4, 5, 6]),
        TestTensor("b", .bf16, [2], [1, 2]),
        TestTensor("ids", "I64", [1], bytes: .init(repeating: 0, count: 8)),
      ], metadata: ["format": "pt"])
    for round in 0..<1500 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[at] = "0123456789-[]{},:\"".utf8.randomElement(using: &random) ?? 0
        case 2: bytes.remove(at: at)
        default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: at)
        }
      }
      let path = try folder.write(bytes, to: "m.safetensors")
      var tensors: [(offset: Int, bytes: Int)] = []
      let error = failure {
        let record = try Models.importOne(path, into: folder.at("stores"))
        tensors = record.tensors.map { ($0.array.offset, $0.bytes) }
      }
      if let error {
        #expect(error.kind == .badInput, "seed \(seed), round \(round): \(error)")
        #expect(error.message.contains(path), "seed \(seed), round \(round): \(error)")
      }
      for tensor in tensors {
        #expect(tensor.offset + tensor.bytes <= bytes.count, "seed \(seed), round \(round)")
      }
    }
  }
}
