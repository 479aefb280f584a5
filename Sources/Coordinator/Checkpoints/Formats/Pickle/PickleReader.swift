internal import Foundation
package import System

/// Reads pickles of the protocols 0 to 5 (CPython, Lib/pickletools.py) as data.
///
/// A pickle is a program that calls whatever it names. Here nothing is called: what a pickle would call is
/// written down (`PickleObject`), except for constructors of plain containers, whose results are the containers here.
/// Memory is bounded by `mostCells`, time by that and by the bytes that the cursor allows to be read; depth costs nothing.
package struct PickleReader {
  /// Values in containers and in the memo that a pickle may make, and values on the stack at a time: a million tensors
  /// take some 30 million.
  private static let mostCells = 40_000_000
  /// Bytes of a number or name of protocol 0.
  private static let longestLine = 1 << 20

  private var cursor: FileCursor
  private var heap = PickleHeap()
  private var stack: [PickleValue] = []
  /// Where on the stack the marks are.
  private var marks: [Int] = []
  private var memo = PickleMemo()
  private var globals: [PickleGlobal: Int] = [:]
  private var cells = 0

  private init(_ cursor: FileCursor) { self.cursor = cursor }

  /// Reads one pickle.
  ///
  /// - Parameter cursor: at its first byte; afterwards behind its last.
  /// - Throws: `Failure` (bad input) for what is no pickle, or names something that runs programs (`PickleDangers`).
  package static func read(_ cursor: inout FileCursor) throws(Failure) -> (root: PickleValue, heap: PickleHeap) {
    var reader = PickleReader(cursor)
    let root = try reader.run()
    cursor = reader.cursor
    return (root, reader.heap)
  }

  private mutating func run() throws(Failure) -> PickleValue {
    while true {
      let code = try cursor.byte()
      guard code != UInt8(ascii: ".") else { return try pop() }
      try step(code)
    }
  }

  // One case for each opcode, here and in the three functions that this one hands on to.
  private mutating func step(_ code: UInt8) throws(Failure) {
    switch code {
    case 0x80:
      let version = try cursor.byte()
      guard version <= 5 else { throw cursor.bad("is a pickle of protocol \(version), expected at most 5") }
    case 0x95: _ = try cursor.number(UInt64.self)

    case UInt8(ascii: "("): try charge(); marks.append(stack.count)
    case UInt8(ascii: "0"):
      if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): try push(try top())

    case UInt8(ascii: "q"): try remember(Int(try cursor.byte()))
    case UInt8(ascii: "r"): try remember(Int(try cursor.number(UInt32.self)))
    case UInt8(ascii: "p"): try remember(try lineNumber())
    case 0x94: try remember(memo.count)
    case UInt8(ascii: "h"): try recall(Int(try cursor.byte()))
    case UInt8(ascii: "j"): try recall(Int(try cursor.number(UInt32.self)))
    case UInt8(ascii: "g"): try recall(try lineNumber())
    default: try stepScalar(code)
    }
  }

  /// Opcodes that push a number, a text or bytes.
  private mutating func stepScalar(_ code: UInt8) throws(Failure) {
    switch code {
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case UInt8(ascii: "K"): try push(.int(Int(try cursor.byte())))
    case UInt8(ascii: "M"): try push(.int(Int(try cursor.number(UInt16.self))))
    case UInt8(ascii: "J"): try push(.int(Int(Int32(bitPattern: try cursor.number(UInt32.self)))))
    case 0x8a: try push(try long(Int(try cursor.byte())))
    case 0x8b: try push(try long(Int(Int32(bitPattern: try cursor.number(UInt32.self)))))
    case UInt8(ascii: "I"), UInt8(ascii: "L"): try push(try decimal())
    case UInt8(ascii: "G"): try push(.float(Double(bitPattern: try cursor.number(UInt64.self).byteSwapped)))
    case UInt8(ascii: "F"):
      guard let number = Double(try lineText()) else { throw cursor.bad("has a number in its pickle that is none") }
      try push(.float(number))

    case UInt8(ascii: "X"): try pushText(Int(try cursor.number(UInt32.self)))
    case 0x8c: try pushText(Int(try cursor.byte()))
    case 0x8d: try pushText(try cursor.count())
    case UInt8(ascii: "V"): try push(text: PickleText.unescaped(try lineText()))
    case UInt8(ascii: "U"): try pushString(Int(try cursor.byte()))
    case UInt8(ascii: "T"): try pushString(Int(Int32(bitPattern: try cursor.number(UInt32.self))))
    case UInt8(ascii: "S"): try push(text: String(try lineText().dropFirst().dropLast()))
    case UInt8(ascii: "B"): try pushBytes(Int(try cursor.number(UInt32.self)))
    case UInt8(ascii: "C"): try pushBytes(Int(try cursor.byte()))
    case 0x8e, 0x96: try pushBytes(try cursor.count())
    default: try stepCollection(code)
    }
  }

  /// Opcodes that make tuples, lists and dictionaries, and fill them.
  private mutating func stepCollection(_ code: UInt8) throws(Failure) {
    switch code {
    case UInt8(ascii: ")"): try push(tuple: [])
    case UInt8(ascii: "t"): try push(tuple: try popToMark())
    case 0x85: try pushTuple(of: 1)
    case 0x86: try pushTuple(of: 2)
    case 0x87: try pushTuple(of: 3)
    case UInt8(ascii: "]"), 0x8f: try push(list: [])
    case UInt8(ascii: "l"), 0x91: try push(list: Array(try popToMark()))
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"), 0x90: try append(try popToMark())
    case UInt8(ascii: "}"): try push(dictionary: [])
    case UInt8(ascii: "d"): try push(dictionary: try pairs(try popToMark()))
    case UInt8(ascii: "s"):
      let value = try pop()
      try set([(try pop(), value)])
    case UInt8(ascii: "u"): try set(try pairs(try popToMark()))
    default: try stepObject(code)
    }
  }

  /// Opcodes that name classes and make objects of them, and those that are refused.
  private mutating func stepObject(_ code: UInt8) throws(Failure) {
    switch code {
    case UInt8(ascii: "c"):
      let module = try lineText()
      try push(try global(module, try lineText()))
    case 0x93:
      let (name, module) = (try pop(), try pop())
      guard let module = heap.text(module), let name = heap.text(name) else {
        throw cursor.bad("names a class in its pickle that has no name")
      }
      try push(try global(module, name))
    case UInt8(ascii: "R"), 0x81:
      let arguments = try pop()
      try call(try pop(), arguments)
    case 0x92:
      // Keyword arguments decide about no tensor.
      _ = try pop()
      let arguments = try pop()
      try call(try pop(), arguments)
    case UInt8(ascii: "i"):
      let module = try lineText()
      let callable = try global(module, try lineText())
      try call(callable, heap.addTuple(try popToMark()))
    case UInt8(ascii: "o"):
      let items = try popToMark()
      guard let callable = items.first else { throw cursor.bad("makes an object of no class in its pickle") }
      try call(callable, heap.addTuple(items.dropFirst()))
    case UInt8(ascii: "b"): try build(try pop())
    case UInt8(ascii: "Q"): try pushPersistent(try pop())
    case UInt8(ascii: "P"):
      heap.texts.append(try lineText())
      try pushPersistent(.text(heap.texts.count - 1))

    case 0x82, 0x83, 0x84: throw cursor.bad("uses the extension registry of pickles, which is not there to be read")
    case 0x97, 0x98: throw cursor.bad("keeps data of its pickle in buffers outside of the file")
    default:
      throw cursor.bad("is not a pickle: 0x\(String(code, radix: 16)) is no opcode")
    }
  }

  // MARK: Stack

  private mutating func charge(_ count: Int = 1) throws(Failure) {
    cells += count
    guard cells <= Self.mostCells else {
      throw cursor.bad("has a pickle of more than \(Self.mostCells) values, which no honest file has")
    }
  }

  private mutating func push(_ value: PickleValue) throws(Failure) {
    if stack.count == Self.mostCells { try charge(Self.mostCells) }
    stack.append(value)
  }

  private func top() throws(Failure) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw cursor.bad("has a damaged pickle: a value is missing")
    }
    return value
  }

  private mutating func pop() throws(Failure) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws(Failure) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw cursor.bad("has a damaged pickle: a mark is missing") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }

  // MARK: Numbers and texts

  private mutating func long(_ count: Int) throws(Failure) -> PickleValue {
    guard count >= 0, count <= cursor.left else { throw cursor.bad("announces a number of \(count) bytes") }
    guard count <= PickleNumber.mostBytes else {
      _ = try cursor.skip(count)
      return .hugeInt
    }
    return PickleNumber.value(try cursor.bytes(count))
  }

  private mutating func decimal() throws(Failure) -> PickleValue {
    guard let number = PickleNumber.value(try lineText()) else {
      throw cursor.bad("has a number in its pickle that is none")
    }
    return number
  }

  private mutating func lineText() throws(Failure) -> String {
    String(decoding: try cursor.line(longest: Self.longestLine), as: UTF8.self)
  }

  private mutating func lineNumber() throws(Failure) -> Int {
    guard let number = Int(try lineText()), number >= 0 else {
      throw cursor.bad("has a damaged pickle: a number of its memo is none")
    }
    return number
  }

  private mutating func push(text: String) throws(Failure) {
    try charge()
    heap.texts.append(text)
    try push(.text(heap.texts.count - 1))
  }

  private mutating func pushText(_ count: Int) throws(Failure) {
    try push(text: String(decoding: try cursor.bytes(count), as: UTF8.self))
  }

  /// Longest text of Python 2 that may be a name; longer ones are bytes of arrays.
  private static let longestName = 1 << 12

  private mutating func pushString(_ count: Int) throws(Failure) {
    let start = cursor.place
    var text: String?
    if count <= Self.longestName, count >= 0 {
      text = String(validating: try cursor.bytes(count), as: UTF8.self)
    } else {
      _ = try cursor.skip(count)
    }
    try charge()
    heap.strings.append((text, start..<cursor.place))
    try push(.string(heap.strings.count - 1))
  }

  private mutating func pushBytes(_ count: Int) throws(Failure) {
    try charge()
    heap.bytes.append(try cursor.skip(count))
    try push(.bytes(heap.bytes.count - 1))
  }

  // MARK: Containers

  private mutating func push(tuple items: [PickleValue]) throws(Failure) {
    try charge(items.count)
    try push(heap.addTuple(items))
  }

  private mutating func pushTuple(of count: Int) throws(Failure) {
    guard stack.count - (marks.last ?? 0) >= count else { throw cursor.bad("has a damaged pickle: a value is missing") }
    let tuple = heap.addTuple(stack.suffix(count))
    stack.removeLast(count)
    try charge(count)
    try push(tuple)
  }

  private mutating func push(list items: [PickleValue]) throws(Failure) {
    try charge(items.count + 2)
    heap.lists.append(items)
    try push(.list(heap.lists.count - 1))
  }

  private mutating func push(dictionary entries: [(key: PickleValue, value: PickleValue)]) throws(Failure) {
    try charge(2 * entries.count + 2)
    heap.dictionaries.append(entries)
    try push(.dictionary(heap.dictionaries.count - 1))
  }

  private func pairs(_ items: [PickleValue]) throws(Failure) -> [(key: PickleValue, value: PickleValue)] {
    guard items.count.isMultiple(of: 2) else { throw cursor.bad("has a damaged pickle: a key without a value") }
    return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  private mutating func append(_ items: [PickleValue]) throws(Failure) {
    try charge(items.count)
    switch try top() {
    case .list(let number): heap.lists[number] += items
    case .object(let number):
      let list = heap.objects[number].list ?? heap.lists.count
      if list == heap.lists.count { heap.lists.append([]) }
      heap.objects[number].list = list
      heap.lists[list] += items
    default: throw cursor.bad("has a damaged pickle: it appends to what is not a list")
    }
  }

  private mutating func set(_ entries: [(key: PickleValue, value: PickleValue)]) throws(Failure) {
    try charge(2 * entries.count)
    switch try top() {
    case .dictionary(let number): heap.dictionaries[number] += entries
    case .object(let number):
      let dictionary = heap.objects[number].dictionary ?? heap.dictionaries.count
      if dictionary == heap.dictionaries.count { heap.dictionaries.append([]) }
      heap.objects[number].dictionary = dictionary
      heap.dictionaries[dictionary] += entries
    default: throw cursor.bad("has a damaged pickle: it sets a key of what is not a dictionary")
    }
  }

  // MARK: Memo

  private mutating func remember(_ number: Int) throws(Failure) {
    try charge()
    let value = try top()
    if memo.isFar(number) { try charge() }
    memo.set(number, to: value)
  }

  private mutating func recall(_ number: Int) throws(Failure) {
    guard let value = memo[number] else {
      throw cursor.bad("has a damaged pickle: it recalls \(number), which it has not memorized")
    }
    try push(value)
  }

  // MARK: Classes and calls

  private mutating func global(_ module: String, _ name: String) throws(Failure) -> PickleValue {
    let global = PickleGlobal(module: module, name: name)
    if let known = globals[global] { return .global(known) }
    if PickleDangers.contains(global) {
      throw .badInput(
        "'\(cursor.path.printable)' would run \(global.description.printable) when PyTorch loads it: it is a program, not weights, and was not read",
        advice: "do not load this file; tell whoever publishes it, and use the safetensors form of the model")
    }
    heap.globals.append(global)
    globals[global] = heap.globals.count - 1
    return .global(heap.globals.count - 1)
  }

  private mutating func call(_ callable: PickleValue, _ arguments: PickleValue) throws(Failure) {
    let container = heap.global(callable).flatMap { PickleContainer($0, heap.items(arguments) ?? [], in: heap) }
    switch container {
    case .dictionary(let entries): return try push(dictionary: entries)
    case .list(let items): return try push(list: items)
    case .same(let value): return try push(value)
    case nil: break
    }
    try charge(4)
    heap.objects.append(PickleObject(callable: callable, arguments: arguments))
    try push(.object(heap.objects.count - 1))
  }

  private mutating func build(_ state: PickleValue) throws(Failure) {
    switch try top() {
    case .object(let number): heap.objects[number].state = state
    // Attributes of a dictionary or list, such as `_metadata` of a state dict.
    case .dictionary, .list, .tuple: break
    default: throw cursor.bad("has a damaged pickle: it sets the state of what has none")
    }
  }

  private mutating func pushPersistent(_ id: PickleValue) throws(Failure) {
    try charge()
    heap.persistents.append(id)
    try push(.persistent(heap.persistents.count - 1))
  }
}
