import Checkpoints
import Storage
import System
import TestSupport
import Testing

/// Pickles are read as data: what they would call is written down, never called.
struct PickleTests {
  private func read(_ bytes: [UInt8]) throws -> (root: PickleValue, heap: PickleHeap) {
    var cursor = FileCursor(path: "x.bin", range: 0..<bytes.count, limit: 1 << 20) { buffer, offset throws(Failure) in
      buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
    }
    return try PickleReader.read(&cursor)
  }

  private func read(_ text: String) throws -> (root: PickleValue, heap: PickleHeap) { try read(Array(text.utf8)) }

  private func refusal(_ bytes: [UInt8]) throws -> Failure { try #require(failure { _ = try read(bytes) }) }

  @Test func numbersOfAllKinds() throws {
    // pickle.dumps((1, -2, 300, 70000, 2**40, -2**63, 2**63, 2**200, True, None, 1.5), 2)
    let bytes: [UInt8] =
      [
        0x80, 2, UInt8(ascii: "("), UInt8(ascii: "K"), 1, UInt8(ascii: "J"), 0xfe, 0xff, 0xff, 0xff, UInt8(ascii: "M"),
        0x2c, 1,
      ]
      + [UInt8(ascii: "J"), 0x70, 0x11, 1, 0, 0x8a, 6, 0, 0, 0, 0, 0, 1, 0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x80]
      + [0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0x8a, 26] + Array(repeating: 0, count: 25) + [
        1, 0x88, UInt8(ascii: "N"),
      ]
      + [UInt8(ascii: "G"), 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, UInt8(ascii: "t"), UInt8(ascii: ".")]
    let (root, heap) = try read(bytes)
    #expect(
      Array(heap.items(root) ?? []) == [
        .int(1), .int(-2), .int(300), .int(70000), .int(1 << 40), .int(.min), .hugeInt, .hugeInt, .bool(true), .none,
        .float(1.5),
      ])
  }

  @Test func protocolZeroIsText() throws {
    let (root, heap) = try read("(lp0\nI1\naL-5L\naI01\naF2.5\naV\\u00e9x\np1\naS'abc'\nag1\na.")
    let items = Array(heap.items(root) ?? [])
    #expect(items.prefix(4) == [.int(1), .int(-5), .bool(true), .float(2.5)])
    #expect(items.dropFirst(4).map { heap.text($0) } == ["éx", "abc", "éx"])
  }

  @Test func aListThatHoldsItselfIsAList() throws {
    let (root, heap) = try read("]q\u{0}h\u{0}a.")
    #expect(heap.items(root).map(Array.init) == [root])
  }

  @Test func depthCostsNothing() throws {
    let depth = 200_000
    let (root, _) = try read(
      Array(repeating: UInt8(ascii: "]"), count: depth) + Array(repeating: UInt8(ascii: "a"), count: depth - 1) + [
        UInt8(ascii: ".")
      ])
    #expect(root == .list(0))
    let tuples = [UInt8(ascii: "N")] + Array(repeating: 0x85, count: depth) + [UInt8(ascii: ".")]
    #expect(try read(tuples).root == .tuple(depth - 1))
  }

  @Test(arguments: [
    "cos\nsystem\n(S'true'\ntR.", "cposix\nsystem\n.", "c__builtin__\neval\n.", "cbuiltins\nexec\n.",
    "cbuiltins\ngetattr\n.",
    "csubprocess\nPopen\n.", "crunpy\n_run_code\n.", "cnumpy\nos.system\n.", "(S'x'\nios\nsystem\n.", "ctorch\nload\n.",
    "cimportlib.machinery\nSourceFileLoader\n.", "cpickle\nloads\n.", "cbuiltins\n__import__\n.",
  ])
  func whatRunsProgramsIsRefusedByName(_ text: String) throws {
    let failure = try refusal(Array(text.utf8))
    #expect(failure.kind == .badInput && failure.message.contains("x.bin") && failure.message.contains("would run"))
  }

  @Test func whatRunsProgramsIsRefusedOnTheStackToo() throws {
    let bytes: [UInt8] = [0x80, 4, 0x8c, 2] + "os".utf8 + [0x8c, 6] + "system".utf8 + [0x93, UInt8(ascii: ".")]
    #expect(try refusal(bytes).message.contains("os.system"))
  }

  @Test func unknownClassesAreData() throws {
    let (root, heap) = try read(Array("cmine\nNet\n)".utf8) + [0x81] + Array("}S'w'\nI1\nsb.".utf8))
    let object = try #require(heap.object(root))
    #expect(heap.global(object.callable)?.description == "mine.Net")
    #expect(object.state.flatMap { heap.value(of: "w", in: $0) } == .int(1))
  }

  @Test(arguments: [
    [UInt8(ascii: ".")], [UInt8(ascii: "t")], [UInt8(ascii: "a")], [UInt8(ascii: "h"), 0], [0xff], [0x80, 9],
    [UInt8(ascii: "N"), UInt8(ascii: "a")],
    [UInt8(ascii: "N"), UInt8(ascii: "N"), UInt8(ascii: "b"), UInt8(ascii: ".")],
    [UInt8(ascii: "X"), 0xff, 0xff, 0xff, 0xff], [0x8d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x97],
    [0x8b, 0, 0, 0, 0x80], [0x82, 1], [UInt8(ascii: "}"), UInt8(ascii: "("), UInt8(ascii: "N"), UInt8(ascii: "u")],
    [0x94], [],
  ])
  func whatIsNoPickleIsRefused(_ bytes: [UInt8]) throws {
    #expect(try refusal(bytes).message.contains("x.bin"))
  }

  @Test func valuesAreCounted() throws {
    // Each OrderedDict copies a list of 100000 pairs.
    var bytes: [UInt8] = Array("](".utf8)
    for _ in 0..<100_000 { bytes += Array("NN\u{86}".unicodeScalars.map { UInt8($0.value) }) }
    bytes += Array("eq\u{0}ccollections\nOrderedDict\nq\u{1}0".utf8)
    for _ in 0..<1000 { bytes += Array("h\u{1}h\u{0}".utf8) + [0x85, UInt8(ascii: "R")] }
    #expect(try refusal(bytes + [UInt8(ascii: ".")]).message.contains("values"))
  }
}
