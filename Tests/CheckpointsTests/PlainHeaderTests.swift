import Checkpoints
import Core
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// Headers of the usual form are read without a decoder of all JSON; nothing may come of that but time.
struct PlainHeaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Outcome: Equatable {
    var tensors: [StoredTensor]
    var setAside: [SkippedTensor]
  }

  /// - Returns: nil when the file is refused. Offsets count from the end of the header.
  private func outcome(_ header: [UInt8], _ body: [UInt8]) throws -> Outcome? {
    let path = try folder.write(Safetensors.raw(header: header, body: body), to: "m.safetensors")
    do {
      let record = try Models.importOne(path, into: folder.at("stores"), mode: .places)
      let tensors = record.tensors.map { tensor in
        var tensor = tensor
        tensor.array.offset -= header.count
        return tensor
      }
      return Outcome(tensors: tensors, setAside: record.setAside)
    } catch let failure as Failure {
      #expect(failure.kind == .badInput)
      return nil
    }
  }

  /// An escape in the metadata is nothing for the quick way.
  private func undecorated(_ header: [UInt8]) -> [UInt8] {
    Array("{\"__metadata__\":{\"note\":\"two\\nlines\"},".utf8)
      + header.drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) }.dropFirst()
  }

  @Test(arguments: [" ", "\n", "\t\r\n  "])
  func blanksBeforeTheHeaderAreRead(_ blanks: String) throws {
    var random = SeededRandom(6)
    let good = Safetensors.encode([TestTensor.random("w", .f32, [2, 3], using: &random)])
    let length = Int(good[0]) + 256 * Int(good[1])
    let (header, body) = (Array(good[8..<8 + length]), Array(good[(8 + length)...]))
    let expected = try #require(try outcome(header, body))
    #expect(try outcome(Array(blanks.utf8) + header, body) == expected)
  }

  @Test func bothWaysAgreeOnAnyHeader() throws {
    var random = Seeded.fresh()
    var weights = SeededRandom(5)
    let tensors = [
      TestTensor.random("model.layers.0.weight", .f32, [4, 6], using: &weights),
      TestTensor.random("b", .bf16, [3], using: &weights), TestTensor.random("scalar", .f64, [], using: &weights),
      TestTensor("c", "I64", [1], bytes: Array(repeating: 0, count: 8)), TestTensor("none", "F32", [0, 3], bytes: []),
    ]
    let good = Safetensors.encode(tensors)
    let length = Int(good[0]) + 256 * Int(good[1])
    let header = Array(good[8..<8 + length])
    let body = Array(good[(8 + length)...])
    let pieces = [
      " ", "\t", "\n", ",", ":", "{", "}", "[", "]", "\"", "\\", "\\u0061", "0", "00", "-0", "1e0", "1.0", "é",
      "\u{7f}",
      "\u{1}", "null", "18446744073709551616", "\"x\":1,", "\"dtype\":\"F32\",", "\"shape\":[4,6],",
    ]
    var read = 0
    for round in 0..<1500 {
      var changed = header
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let place = Int.random(in: 1..<changed.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: changed[place] = UInt8.random(in: 0x20..<0x7f, using: &random)
        case 1: changed.remove(at: place)
        case 2: changed.insert(contentsOf: changed[place..<min(changed.count, place + 30)], at: place)
        default: changed.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: place)
        }
      }
      let quick = try outcome(changed, body)
      let slow = try outcome(undecorated(changed), body)
      if quick != nil { read += 1 }
      #expect(
        quick == slow,
        "seed \(random.seed), round \(round): \(String(decoding: changed, as: UTF8.self))")
    }
    #expect(read > 100, "seed \(random.seed): nothing came through")
  }
}
