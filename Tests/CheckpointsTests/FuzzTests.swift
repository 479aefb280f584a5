import Checkpoints
import Core
import Foundation
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// Files of any bytes are imported or refused, and what is refused says why.
@Suite struct FuzzTests {
  private let words = [
    "[", "]", "{", "}", "\"", ",", ":", "-1", "0", "1e9", "1.5", "9223372036854775807", "18446744073709551616",
    "null", "true", "\"F32\"", "\"\\u0000\"", "\"__metadata__\"", "\"\\ud800\"", "\u{1b}[2J", "e\u{301}", "é",
  ]

  @Test func safetensorsOfAnyBytesAreImportedOrRefused() throws {
    var random = Seeded.fresh()
    let folder = try TemporaryFolder()
    var weights = SeededRandom(1)
    let good = Safetensors.encode([
      TestTensor.random("a.weight", .f32, [4, 6], using: &weights),
      TestTensor.random("b", .bf16, [3], using: &weights),
      TestTensor("c", "I64", [1], bytes: Array(repeating: 0, count: 8)),
    ])
    let header = 8 + Int(good[0])
    var imported = 0
    for round in 0..<1500 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        // Nearly always in the header: the weights may be anything.
        let place = Int.random(in: 0..<min(bytes.count, round % 10 == 0 ? bytes.count : header), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where bytes.count > 1: bytes.remove(at: place)
        case 2: bytes = Array(bytes[..<max(1, place)])
        case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
        default: bytes.insert(contentsOf: Array((words.randomElement(using: &random) ?? "").utf8), at: place)
        }
      }
      // The length fits more often than not.
      if round % 3 != 0, bytes.count > good.count - header + 8 {
        let length = UInt64(max(0, bytes.count - (good.count - header) - 8))
        for byte in 0..<8 { bytes[byte] = UInt8(truncatingIfNeeded: length >> UInt64(8 * byte)) }
      }
      let path = try folder.write(bytes, to: "m.safetensors")
      do {
        let record = try Models.importOne(path, into: folder.at("stores"))
        imported += 1
        for tensor in record.tensors { #expect(tensor.array.offset + tensor.bytes <= bytes.count) }
      } catch let failure as Failure {
        #expect(failure.kind == .badInput, "seed \(random.seed), round \(round): \(failure)")
        #expect(failure.message.contains("m.safetensors"), "seed \(random.seed), round \(round): \(failure)")
        #expect(!failure.description.unicodeScalars.contains("\u{1b}"), "\(failure)")
      }
    }
    #expect(imported > 10, "seed \(random.seed): nothing came through")
  }

  @Test func indexFilesOfAnyBytesAreReadOrRefused() throws {
    var random = Seeded.fresh()
    let folder = try TemporaryFolder()
    var weights = SeededRandom(1)
    try folder.write([TestTensor.random("a", .f32, [4, 6], using: &weights)], to: "m/one.safetensors")
    let good = Array(Safetensors.index(["a": "one.safetensors"]).utf8)
    for round in 0..<1000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1 where bytes.count > 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: Array("../".utf8), at: place)
        default: bytes.insert(contentsOf: Array((words.randomElement(using: &random) ?? "").utf8), at: place)
        }
      }
      try folder.write(bytes, to: "m/model.safetensors.index.json")
      do {
        for model in try ModelFinder([folder.at("m")]).models {
          guard case .weights(let files) = model.content else { continue }
          for file in files {
            // Whatever the index says, no file outside of its folder is opened.
            #expect((file.path as NSString).deletingLastPathComponent == folder.at("m"))
          }
        }
      } catch {
        #expect(error.kind == .badInput, "seed \(random.seed), round \(round): \(error)")
      }
    }
  }
}
