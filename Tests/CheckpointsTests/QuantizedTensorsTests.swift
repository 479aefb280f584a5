import Checkpoints
import Core
import Foundation
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// Quantized tensors as their writers pack them, against the numbers that numpy makes of them.
struct QuantizedTensorsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func everySchemeIsReadToTheBitInAnyRange() throws {
    var random = Seeded.fresh()
    let _: Bool = try Oracle.run("quantized.py", folder.path, "\(random.seed)")
    let schemes = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".f32") }
      .map { String($0.dropLast(4)) }.sorted()
    #expect(schemes.count > 20)
    for scheme in schemes {
      let shapes = try JSONDecoder().decode(
        [String: [Int]].self, from: Data(contentsOf: URL(fileURLWithPath: folder.at("\(scheme).json"))))
      let expected = try Data(contentsOf: URL(fileURLWithPath: folder.at("\(scheme).f32"))).withUnsafeBytes {
        Array($0.bindMemory(to: UInt32.self))
      }
      let record = try Models.importOne(folder.at(scheme), into: folder.at("stores"), mode: .places)
      #expect(Set(record.tensors.map(\.name)) == Set(shapes.keys), "\(scheme)")
      #expect(record.setAside.isEmpty, "\(scheme): \(record.setAside)")
      var place = 0
      for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
        let count = shape.reduce(1, *)
        let numbers = expected[place..<place + count]
        place += count
        let tensor = try #require(record.tensors.first { $0.name == name }, "\(scheme) \(name)")
        #expect(tensor.shape.extents == shape && tensor.isPossible, "\(scheme) \(name)")
        #expect(
          try tensor.values().map(\.bitPattern) == Array(numbers), "\(scheme) \(name), seed \(random.seed)")
        for _ in 0..<20 {
          let from = Int.random(in: 0..<count, using: &random)
          let length = Int.random(in: 1...min(count - from, Bool.random(using: &random) ? 40 : count), using: &random)
          let part = try tensor.values(from: from, count: length).map(\.bitPattern)
          #expect(
            part == Array(numbers.dropFirst(from).prefix(length)),
            "\(scheme) \(name) \(from)+\(length), seed \(random.seed)")
        }
      }
      // What a store keeps is what was found.
      let again = try ModelRecord(id: "m", path: record.path, store: record.store)
      #expect(again.tensors == record.tensors, "\(scheme)")
    }
  }

  @Test func whatIsPackedInAnUnknownWayIsLeftOutWithItsParts() throws {
    let tensors = [
      TestTensor("a.W_q", "U8", [4, 2], bytes: .init(repeating: 1, count: 8)), TestTensor("a.scale", .f32, [1], [2]),
      TestTensor("a.zero", .f32, [1], [2]), TestTensor("norm.weight", .f32, [2], [1, 2]),
    ]
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.tensors.map(\.name) == ["norm.weight"])
    #expect(record.setAside.map(\.name) == ["a.weight"] && record.setAside[0].type == "HQQ")
  }

  /// Four bits of bitsandbytes whose state lacks the shape.
  @Test func anIncompleteStateIsNamed() throws {
    let state = Array(#"{"quant_type":"nf4","blocksize":64}"#.utf8)
    let tensors = [
      TestTensor("a.weight", "U8", [32, 1], bytes: .init(repeating: 1, count: 32)),
      TestTensor("a.weight.absmax", .f32, [1], [2]),
      TestTensor("a.weight.quant_map", .f32, [16], [Double](repeating: 1, count: 16)),
      TestTensor("a.weight.quant_state.bitsandbytes__nf4", "U8", [state.count], bytes: state),
    ]
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.tensors.isEmpty && record.setAside.map(\.name) == ["a.weight"])
    #expect(record.setAside[0].reason?.contains("shape") == true)
  }
}
