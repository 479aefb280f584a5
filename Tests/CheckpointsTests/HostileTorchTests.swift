import Checkpoints
import Core
import Storage
import System
import TestSupport
import Testing

/// PyTorch files as somebody would make them who wants code to run, memory to run out, or other bytes to be read.
struct HostileTorchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A tensor of `FloatStorage` as `torch.save` describes it, in opcodes.
  private func tensor(offset: Int = 0, _ extents: [Int], strides: [Int], storage: String = "0", count: Int = 4)
    -> [UInt8]
  {
    var code = Array(
      "ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nFloatStorage\nS'\(storage)'\nS'cpu'\nI\(count)\ntQ".utf8
    )
    code += Array(
      "I\(offset)\n(\(extents.map { "I\($0)\n" }.joined())t(\(strides.map { "I\($0)\n" }.joined())tI00\n".utf8)
    return code + Array("ccollections\nOrderedDict\n)RtR".utf8)
  }

  private func dictionary(_ entries: [(String, [UInt8])]) -> [UInt8] {
    [0x80, 2] + Array("}".utf8) + entries.flatMap { Array("S'\($0.0)'\n".utf8) + $0.1 + Array("s".utf8) }
      + Array(".".utf8)
  }

  private func read(_ pickle: [UInt8], _ others: [(String, [UInt8])]? = nil) throws -> CheckpointFile {
    let archive = ZipText.archive([("m/data.pkl", pickle)] + (others ?? [("m/data/0", Array(repeating: 0, count: 16))]))
    return try CheckpointFile(path: folder.write(archive, to: "m.bin"))
  }

  private func refusal(_ pickle: [UInt8], _ others: [(String, [UInt8])]? = nil) throws -> Failure {
    let refusal = try #require(failure { _ = try read(pickle, others) })
    #expect(refusal.kind == .badInput && refusal.message.contains(folder.at("m.bin")) && !refusal.advice.isEmpty)
    return refusal
  }

  @Test func aRightFileIsRead() throws {
    let file = try read(dictionary([("w", tensor([2, 2], strides: [2, 1]))]))
    #expect(file.entries.map(\.name) == ["w"] && file.entries[0].shape.extents == [2, 2])
  }

  @Test(arguments: [
    (0, [5], [1]), (1, [4], [1]), (0, [2, 2], [3, 1]), (0, [2], [Int.max]), (Int.max, [1], [1]), (-1, [1], [1]),
    (0, [2], [-1]), (0, [-1], [1]), (0, [1 << 40, 1 << 40], [1, 1]),
  ])
  func aViewBeyondItsStorageIsNamed(_ offset: Int, _ extents: [Int], _ strides: [Int]) throws {
    let refusal = try refusal(dictionary([("w.x", tensor(offset: offset, extents, strides: strides))]))
    #expect(refusal.message.contains("tensor 'w.x'"))
  }

  @Test func aStorageThatClaimsMoreThanItsBytesIsNamed() throws {
    #expect(try refusal(dictionary([("w", tensor([100], strides: [1], count: 100))])).message.contains("of 4 elements"))
  }

  @Test(arguments: ["1", "../../etc/passwd", ""])
  func aMissingStorageIsNamed(_ key: String) throws {
    let refusal = try refusal(dictionary([("w", tensor([2], strides: [1], storage: key))]))
    #expect(refusal.message.contains("'w'") && refusal.message.contains("'\(key)', which is not in the file"))
  }

  @Test func whatRunsProgramsIsRefusedWithTheWholeFile() throws {
    let code = Array("cos\nsystem\n(S'touch /tmp/x'\ntR".utf8)
    let refusal = try refusal(dictionary([("w", tensor([2], strides: [1])), ("x", code)]))
    #expect(refusal.message.contains("would run os.system"))
  }

  @Test func dictionariesInCirclesAreReadOnce() throws {
    let pickle = [0x80, 2] + Array("}q".utf8) + [0] + Array("S'a'\nh".utf8) + [0] + Array("sS'w'\n".utf8)
    let file = try read(pickle + tensor([2], strides: [1]) + Array("s.".utf8))
    #expect(file.entries.map(\.name) == ["w"])
  }

  /// Each level holds the one below twice: 2^40 paths lead to the tensor.
  @Test func pathsAreNotCounted() throws {
    var pickle: [UInt8] = [0x80, 2] + Array("}S'w'\n".utf8) + tensor([2], strides: [1]) + Array("sq".utf8) + [0]
    for level in 1...40 as ClosedRange<UInt8> {
      pickle += Array("}q".utf8) + [level] + Array("S'a'\nh".utf8) + [level - 1] + Array("sS'b'\nh".utf8) + [level - 1]
      pickle += Array("s".utf8)
    }
    #expect(try read(pickle + Array(".".utf8)).entries.count == 1)
  }

  @Test func dictionariesThatAreTooDeepAreRefused() throws {
    let pickle =
      [0x80, 2] + Array(repeating: Array("}S'a'\n".utf8), count: 500).flatMap { $0 } + tensor([2], strides: [1])
    let end = Array(repeating: UInt8(ascii: "s"), count: 500) + [UInt8(ascii: ".")]
    #expect(try refusal(pickle + end).message.contains("deep"))
  }

  @Test func manyTensorsTakeLittle() throws {
    let count = 20_000
    let file = try read(dictionary((0..<count).map { ("layers.\($0)", tensor([4], strides: [1])) }))
    #expect(file.entries.count == count)
  }

  @Test func anArchiveThatContradictsItselfIsRefused() throws {
    let right = ZipText.archive([
      ("m/data.pkl", dictionary([("w", tensor([2], strides: [1]))])), ("m/data/0", [UInt8](repeating: 0, count: 16)),
    ])
    let directory = try #require(right.indices.first { right[$0...].starts(with: [0x50, 0x4b, 1, 2]) })
    let second = try #require(
      right.indices.dropFirst(directory + 1).first { right[$0...].starts(with: [0x50, 0x4b, 1, 2]) })
    let end = right.count - 22
    /// Where in the file, and the bytes that are put there.
    let lies: [(Int, [UInt8], String)] = [
      (directory + 42, [0xf0, 0xff, 0xff, 0x7f], "reaches beyond"), (directory + 24, [1, 0, 0, 0], "two sizes"),
      (second + 42, [0, 0, 0, 0], "already"), (end + 10, [9, 0], "announces 9 files"),
      (end + 16, [0, 0, 0, 0], "not where its end says"),
      (second + 46, Array("m/data.pkl".utf8.prefix(8)), "not in the file"), (directory, [0], "damaged directory"),
      (18, [1, 0, 0, 0], "elsewhere"),
      (0, [0x50, 0x4b, 5, 6], "no file where"), (directory + 8, [1, 0], "encrypted"),
      (end + 4, [1, 0], "several volumes"),
    ]
    for (place, bytes, what) in lies {
      var wrong = right
      wrong.replaceSubrange(place..<place + bytes.count, with: bytes)
      let path = try folder.write(wrong, to: "m.bin")
      let refusal = try #require(failure { _ = try CheckpointFile(path: path) }, "\(what)")
      #expect(
        refusal.kind == .badInput && refusal.message.contains(what) && refusal.message.contains(path), "\(refusal)")
    }
    for size in stride(from: 0, to: right.count, by: 7) {
      let path = try folder.write(Array(right[..<size]), to: "m.bin")
      #expect(failure { _ = try CheckpointFile(path: path) }?.kind == .badInput, "cut off at \(size)")
    }
  }
}

/// Zip archives of files that are stored as they are.
enum ZipText {
  static func archive(_ files: [(name: String, content: [UInt8])]) -> [UInt8] {
    var (body, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, content) in files {
      let sizes = word(0) + word(content.count) + word(content.count) + short(name.utf8.count) + short(0)
      let start = body.count
      body += [0x50, 0x4b, 3, 4] + short(20) + short(0) + short(0) + word(0) + sizes + Array(name.utf8) + content
      directory += [0x50, 0x4b, 1, 2] + short(20) + short(20) + short(0) + short(0) + word(0) + sizes
      directory += short(0) + short(0) + short(0) + word(0) + word(start) + Array(name.utf8)
    }
    let end = [0x50, 0x4b, 5, 6] + short(0) + short(0) + short(files.count) + short(files.count)
    return body + directory + end + word(directory.count) + word(body.count) + short(0)
  }

  private static func short(_ value: Int) -> [UInt8] { (0..<2).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  private static func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
