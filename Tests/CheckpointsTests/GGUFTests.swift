import Checkpoints
import Core
import Encodings
import Foundation
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// GGUF files as the gguf package writes them are read as it reads them; what is wrong in one is named.
struct GGUFTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two matrices of four numbers.
  private var two: GGUF {
    GGUF(
      [.init("a.weight", [2, 2]), .init("b.weight", [4, 1], offset: 32)],
      data: floats([1, 2, 3, 4]) + Array(repeating: 0, count: 16) + floats([5, 6, 7, 8]))
  }

  private func floats(_ values: [Float]) -> [UInt8] { values.flatMap { GGUF.bytes($0.bitPattern) } }

  private func read(_ file: GGUF, _ name: String = "m.gguf") throws -> CheckpointFile {
    try CheckpointFile(path: folder.write(file.bytes, to: name))
  }

  private func refusal(_ change: (inout GGUF) -> Void) throws -> String {
    var file = two
    change(&file)
    let failure = try #require(failure { _ = try read(file) }, "nothing was wrong")
    #expect(failure.kind == .badInput && !failure.advice.isEmpty)
    #expect(failure.message.contains("m.gguf"), "\(failure.message)")
    return failure.message + " / \(failure.advice)"
  }

  @Test func everyTypeIsReadAsTheGGUFPackageDoes() throws {
    struct Expected: Decodable {
      var name: String
      var type: String
      var shape: [Int]
      var bits: [UInt32]
    }
    let seed = Seeded.fresh().seed
    let path = folder.at("all/model.gguf")
    try folder.makeFolder("all")
    let expected: [Expected] = try Oracle.run("gguf_files.py", path, "\(seed)")
    let file = try CheckpointFile(path: path)
    #expect(file.format == .gguf && file.notes.isEmpty)
    #expect(file.metadata["general.architecture"] == "llama")
    #expect(file.metadata["llama.attention.head_count"] == "8")
    #expect(file.metadata["llama.attention.head_count_kv"] == "2")
    #expect(file.metadata["llama.rope.dimension_count"] == "16")
    #expect(file.metadata["llama.expert_count"] == "4")
    #expect(file.metadata["tokenizer.ggml.tokens"] == nil && file.metadata["general.description"] == nil)
    let record = try Models.importOne(folder.at("all"), into: folder.at("stores"), mode: .places)
    #expect(record.id == "all")
    #expect(record.setAside.map(\.name) == ["ids"])
    #expect(record.tensors.count == expected.count)
    for tensor in expected {
      let found = try #require(record.tensors.first { $0.name == tensor.name })
      #expect(found.shape.extents == tensor.shape && found.encodings.map(\.name) == [tensor.type])
      #expect(try found.values().map(\.bitPattern) == tensor.bits, "\(tensor.type), seed \(seed)")
    }
  }

  /// llama.cpp keeps the scale of a tensor, or of each expert, beside it.
  @Test(arguments: [1, 3]) func aScaleBesideATensorOfNVFP4IsApplied(_ experts: Int) throws {
    var random = Seeded.fresh()
    let blocks = (0..<4 * experts * 36).map { _ in UInt8.random(in: 0...255, using: &random) }
    let extents: [UInt64] = experts == 1 ? [64, 4] : [64, 4, UInt64(experts)]
    let scales = (0..<experts).map { Float(0.25) * Float(1 << $0) }
    let weight = GGUF.Tensor("blk.0.ffn_up.weight", extents, type: 40)
    let start = (blocks.count + 31) / 32 * 32
    let padded = blocks + Array(repeating: 0, count: start - blocks.count)
    let scale = GGUF.Tensor("blk.0.ffn_up.scale", [UInt64(experts)], offset: UInt64(start))
    try folder.write(GGUF([weight], data: padded).bytes, to: "plain/model.gguf")
    try folder.write(GGUF([weight, scale], data: padded + floats(scales)).bytes, to: "scaled/model.gguf")
    let plain = try Models.importOne(folder.at("plain"), into: folder.at("stores"), mode: .places)
    let scaled = try Models.importOne(folder.at("scaled"), into: folder.at("stores"), mode: .places)
    try #require(plain.tensors.count == 1 && scaled.tensors.count == 1)
    let expected = try plain.tensors[0].values().enumerated().map { $1 * scales[$0 / 256] }
    #expect(try scaled.tensors[0].values() == expected, "seed \(random.seed)")
  }

  @Test(arguments: [2, 3] as [UInt32])
  func bothVersionsAreRead(_ version: UInt32) throws {
    var file = two
    file.version = version
    let entries = try read(file).entries
    #expect(entries.map(\.name) == ["a.weight", "b.weight"])
    #expect(entries.map(\.shape.extents) == [[2, 2], [1, 4]])
    #expect(entries.map(\.type) == ["F32", "F32"])
  }

  @Test func otherVersionsAndByteOrdersAreNamed() throws {
    #expect(try refusal { $0.version = 1 }.contains("version 1"))
    #expect(try refusal { $0.version = 4 }.contains("version 4"))
    #expect(try refusal { $0.version = 0 }.contains("version 0"))
    let bigEndian = try refusal { $0.version = 0x0300_0000 }
    #expect(bigEndian.contains("big-endian") && bigEndian.contains("gguf_convert_endian"))
    for mark in ["lmgg", "fmgg", "tjgg"] {
      #expect(try refusal { $0.mark = Array(mark.utf8) }.contains("before GGUF"))
    }
  }

  @Test func aTypeThatIsNotReadLeavesOutItsTensorAlone() throws {
    var file = two
    file.tensors[1].type = 9
    file.tensors.append(.init("c", [4], type: 200, offset: 32))
    let entries = try read(file).entries
    #expect(entries.count == 3)
    for entry in entries where entry.name != "a.weight" {
      guard case .unread(let why) = entry.content else {
        Issue.record("\(entry) was read")
        continue
      }
      #expect(why.contains(entry.name == "c" ? "type 200" : "Q8_1"))
    }
  }

  @Test func impossibleTensorsAreNamed() throws {
    func tensor(_ change: (inout GGUF.Tensor) -> Void) throws -> String {
      let message = try refusal { change(&$0.tensors[1]) }
      #expect(message.contains("b.weight"), "\(message)")
      return message
    }
    #expect(try tensor { $0.offset = 0 }.contains("overlaps with the tensor 'a.weight'"))
    #expect(try tensor { $0.offset = 64 }.contains("cut off"))
    #expect(try tensor { $0.offset = .max - 31 }.contains("cut off"))
    #expect(try tensor { $0.offset = 33 }.contains("alignment"))
    #expect(try tensor { $0.extents = [.max] }.contains("impossible extent"))
    #expect(try tensor { $0.extents = [1 << 40, 1 << 40] }.contains("impossible shape"))
    #expect(try tensor { $0.extents = [1 << 61] }.contains("can be counted"))
    #expect(try tensor { $0.extents = [1, 1, 1, 1, 4] }.contains("5 extents"))
    #expect(try tensor { $0.type = 12 }.contains("blocks of 256"))
    #expect(try refusal { $0.tensors[1].name = Array("a.weight".utf8) }.contains("'a.weight' twice"))
    #expect(try refusal { $0.tensors[1].name = [] }.contains("name"))
    #expect(try refusal { $0.tensors[1].name = [0xff] }.contains("UTF-8"))
    #expect(try refusal { $0.tensors[1].name = [0x61, 0] }.contains("UTF-8"))
  }

  @Test func impossibleCountsAreNamed() throws {
    #expect(try refusal { $0.tensorCount = .max }.contains("tensors"))
    #expect(try refusal { $0.tensorCount = 3 }.contains("m.gguf"))
    #expect(try refusal { $0.keyCount = .max }.contains("keys"))
    #expect(try refusal { $0.metadata.append(("k", 13, [])) }.contains("type 13"))
    #expect(try refusal { $0.metadata.append(("k", 8, GGUF.text([], length: .max))) }.contains("m.gguf"))
    #expect(try refusal { $0.metadata.append(("k", 8, GGUF.text([], length: 1 << 40))) }.contains("cut off"))
    let list = { (type: UInt32, count: UInt64) in GGUF.bytes(type) + GGUF.bytes(count) }
    #expect(try refusal { $0.metadata.append(("k", 9, list(4, 1 << 62))) }.contains("m.gguf"))
    #expect(try refusal { $0.metadata.append(("k", 9, list(8, 1 << 40))) }.contains("more than fit"))
    #expect(try refusal { $0.metadata.append(("k", 9, list(77, 1))) }.contains("type 77"))
    let nested = (0..<100).flatMap { _ in list(9, 1) }
    #expect(try refusal { $0.metadata.append(("k", 9, nested)) }.contains("nested"))
    #expect(try refusal { $0.metadata += [("k", 0, [1]), ("k", 0, [1])] }.contains("'k' twice"))
    #expect(try refusal { $0.add("general.alignment", number: 48) }.contains("power of two"))
    #expect(try refusal { $0.add("general.alignment", number: 0) }.contains("power of two"))
  }

  @Test func aFileCutOffAnywhereIsRefused() throws {
    var whole = two
    whole.add("general.architecture", text: "llama")
    whole.metadata.append(("layers", 9, GGUF.bytes(4 as UInt32) + GGUF.bytes(3 as UInt64) + floats([1, 1, 1])))
    let bytes = whole.bytes
    _ = try read(whole)
    for count in 4..<bytes.count {
      let path = try folder.write(Array(bytes[..<count]), to: "cut.gguf")
      let failure = failure { _ = try CheckpointFile(path: path) }
      #expect(failure?.kind == .badInput && failure?.message.contains("cut.gguf") == true, "\(count)")
    }
  }

  @Test func filesOfAnyBytesAreReadOrRefused() throws {
    var random = Seeded.fresh()
    var whole = two
    whole.add("general.architecture", text: "llama")
    whole.metadata.append(
      ("layers", 9, GGUF.bytes(8 as UInt32) + GGUF.bytes(2 as UInt64) + GGUF.text([65]) + GGUF.text([])))
    whole.tensors.append(.init("c", [32], type: 2, offset: 64))
    whole.data += Array(repeating: 0, count: 16 + 18)
    let good = whole.bytes
    var readable = 0
    for round in 0..<2000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 4..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] = [0, 1, 0x7f, 0xff].randomElement(using: &random) ?? 0
        case 2: bytes.remove(at: place)
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 24)], at: place)
        }
      }
      let path = try folder.write(bytes, to: "any.gguf")
      let failure = failure {
        for entry in try CheckpointFile(path: path).entries {
          guard case .recipe(.stored(let array)) = entry.content else { continue }
          #expect(array.offset + array.bytes <= bytes.count, "seed \(random.seed), round \(round)")
        }
        readable += 1
      }
      #expect(failure?.kind ?? .badInput == .badInput, "seed \(random.seed), round \(round)")
    }
    #expect(readable > 10, "seed \(random.seed)")
  }

  // MARK: Models in several files

  /// One tensor in each of two parts.
  private func write(_ names: [String], count: UInt32 = 2, tensors: UInt32 = 2) throws {
    for (number, name) in names.enumerated() {
      var part = GGUF([.init("w\(number)", [4])], data: floats([1, 2, 3, Float(number)]))
      part.metadata.append(("split.no", 2, GGUF.bytes(UInt16(number))))
      part.metadata.append(("split.count", 2, GGUF.bytes(UInt16(count))))
      part.metadata.append(("split.tensors.count", 5, GGUF.bytes(tensors)))
      try folder.write(part.bytes, to: name)
    }
  }

  @Test func partsAreOneModel() throws {
    try write(["m/x-00001-of-00002.gguf", "m/x-00002-of-00002.gguf"])
    let record = try Models.importOne(folder.at("m"), into: folder.at("stores"))
    #expect(record.id == "m")
    #expect(record.tensors.map(\.name) == ["w0", "w1"])
    let path = folder.at("m/x-00001-of-00002.gguf")
    let message = failure { _ = try Models.importOne(path, into: folder.at("stores")) }?.message ?? ""
    #expect(message.contains("1 tensors") && message.contains("says 2"), "\(message)")
  }

  @Test func severalModelsInAFolderAreModelsByThemselves() throws {
    try write(["m/x-00001-of-00002.gguf", "m/x-00002-of-00002.gguf"])
    try folder.write(two.bytes, to: "m/y-Q4_K_M.gguf")
    let found = try ModelFinder([folder.at("m")])
    #expect(found.models.count == 2 && found.notes.isEmpty, "\(found.models.map(\.id)) \(found.notes)")
  }

  @Test func missingAndMisnamedPartsAreNamed() throws {
    try write(["m/x-00001-of-00002.gguf"])
    let missing = failure { _ = try ModelFinder([folder.at("m")]) }?.message ?? ""
    #expect(missing.contains("x-00001-of-00002.gguf") && missing.contains("part 2 is missing"), "\(missing)")
    try write(["n/x.gguf"])
    let message = failure { _ = try Models.importOne(folder.at("n"), into: folder.at("stores")) }?.message ?? ""
    #expect(message.contains("one of 2 parts"), "\(message)")
    try write(["o/x-00001-of-00002.gguf", "o/x-00002-of-00002.gguf"], tensors: 3)
    let other = failure { _ = try Models.importOne(folder.at("o"), into: folder.at("stores")) }?.message ?? ""
    #expect(other.contains("2 tensors") && other.contains("says 3"), "\(other)")
  }
}
