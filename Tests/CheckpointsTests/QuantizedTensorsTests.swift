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
    #expect(schemes.count > 40)
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
      TestTensor("a.Qidxs", "U8", [4, 2], bytes: .init(repeating: 1, count: 8)), TestTensor("a.scale", .f32, [1], [2]),
      TestTensor("norm.weight", .f32, [2], [1, 2]),
    ]
    let path = try folder.write(tensors, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.tensors.map(\.name) == ["norm.weight"])
    #expect(record.setAside.map(\.name) == ["a.weight"] && record.setAside[0].type == "QUIP")
  }

  /// A layer of HQQ of 8 x 4 weights of 4 bits in groups of 4.
  private func layer(_ changes: [String: [Int32]?] = [:], bytes: Int = 16, scales: Int = 8) -> [TestTensor] {
    let state: [(String, [Int32])] = [("nbits", [4]), ("axis", [1]), ("group_size", [4])]
    var tensors = state.compactMap { key, value -> TestTensor? in
      let value = changes[key] ?? value
      return value.map { TestTensor("a.\(key)", "I32", [], bytes: $0.flatMap { $0.littleEndianBytes }) }
    }
    let shape = (changes["shape"] ?? [8, 4]) ?? []
    if !shape.isEmpty {
      tensors.append(
        TestTensor("a.shape", "I64", [shape.count], bytes: shape.flatMap { Int64($0).littleEndianBytes }))
    }
    return tensors + [
      TestTensor("a.W_q", "U8", [bytes], bytes: .init(repeating: 0x21, count: bytes)),
      TestTensor("a.scale", .f32, [scales, 1], [Double](repeating: 2, count: scales)),
      TestTensor("a.zero", .f32, [scales, 1], [Double](repeating: 1, count: scales)),
      TestTensor("a.bias", .f32, [2], [1, 2]),
    ]
  }

  @Test func aLayerOfHQQIsReadWithItsBias() throws {
    let path = try folder.write(layer(), to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(Set(record.tensors.map(\.name)) == ["a.weight", "a.bias"] && record.setAside.isEmpty)
    #expect(record.encodingTitles == ["HQQ_4BIT", "F32"])
    let weight = try #require(record.tensors.first { $0.name == "a.weight" })
    #expect(try weight.values() == Array(repeating: 2, count: 16) + Array(repeating: 0, count: 16))
  }

  @Test(
    arguments: [
      (["nbits": [7]], 16, 8, "'nbits' is 7.0"), (["nbits": nil], 16, 8, "without 'nbits'"),
      // 5 bits take a byte each.
      (["nbits": [5]], 16, 8, "32 bytes"), (["axis": [2]], 16, 8, "'axis'"), (["axis": nil], 16, 8, "'axis'"),
      (["group_size": [0]], 16, 8, "'group_size' is 0"), (["group_size": [5]], 16, 8, "'group_size' is 5"),
      (["group_size": [.max]], 16, 8, "'group_size' is 2147483647"),
      (["group_size": [-4]], 16, 8, "'group_size' is -4"),
      (["group_size": [32]], 16, 8, "do not divide into 2 parts"), (["shape": []], 16, 8, "'shape'"),
      (["shape": [8, -4]], 16, 8, "'shape'"), (["shape": [.max, .max]], 16, 8, "group_size"), ([:], 15, 8, "16 bytes"),
      ([:], 16, 7, "7 scales"), (["group_size": [8]], 16, 8, "expected 4"),
    ] as [([String: [Int32]?], Int, Int, String)])
  func aLayerOfHQQThatDoesNotFitIsNamedAndItsBiasRead(
    _ changes: [String: [Int32]?], _ bytes: Int, _ scales: Int, _ reason: String
  ) throws {
    let path = try folder.write(layer(changes, bytes: bytes, scales: scales), to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    #expect(record.tensors.map(\.name) == ["a.bias"])
    #expect(record.setAside.map(\.name) == ["a.weight"] && record.setAside[0].type == "HQQ")
    #expect(record.setAside[0].reason?.contains(reason) == true, "\(record.setAside[0].reason ?? "")")
  }

  @Test(arguments: [
    ("Int8Tensor", [1, 4], true), ("Int8Tensor", [1, 3], false), ("Int8Tensor", [0, 4], false),
    ("Int8Tensor", [4], false), ("Int8Tensor", [-1, 4], false), ("Int8Tensor", [2, 4], false),
    ("Int4Tensor", [1, 4], false), ("MXTensor", [1, 4], false), ("Float8Tensor", [1, 4], false),
  ])
  func aTensorOfTorchaoIsReadOrNamed(_ type: String, _ block: [Int], _ isRead: Bool) throws {
    let detail = #"{\"_type\": \"\#(type)\", \"_data\": {\"block_size\": \#(block)}}"#
    let header =
      #"{"__metadata__": {"a.weight": "\#(detail)"}, "a._weight_qdata": {"dtype": "I8", "shape": [2, 4], "data_offsets": [0, 8]},"#
      + #""a._weight_scale": {"dtype": "F32", "shape": [2, 1], "data_offsets": [8, 16]}}"#
    let data: [UInt8] =
      [1, 2, 3, 4, 5, 6, 7, 8] + Float(2).bitPattern.littleEndianBytes + Float(3).bitPattern.littleEndianBytes
    let path = try folder.write(
      UInt64(header.utf8.count).littleEndianBytes + Array(header.utf8) + data, to: "m.safetensors")
    let record = try Models.importOne(path, into: folder.at("stores"))
    if isRead {
      #expect(try record.tensors.first?.values() == [2, 4, 6, 8, 15, 18, 21, 24])
    } else {
      #expect(record.tensors.isEmpty && record.setAside.map(\.type) == ["TORCHAO"])
      #expect(record.setAside[0].reason?.contains(type) == true)
    }
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

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
