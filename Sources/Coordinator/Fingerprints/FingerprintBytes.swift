/// Numbers as little-endian bytes, appended or taken in order.
struct FingerprintBytes {
  struct Problem: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
  }

  private(set) var bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  mutating func add<Word: FixedWidthInteger>(_ word: Word) {
    withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ more: [UInt8]) { bytes += more }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ count: Int) throws(Problem) -> [UInt8] {
    guard count >= 0, count <= bytes.count - position else { throw Problem("it ends too early") }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  private mutating func number<Word: FixedWidthInteger>(_: Word.Type) throws(Problem) -> Word {
    let size = MemoryLayout<Word>.size
    guard size <= bytes.count - position else { throw Problem("it ends too early") }
    defer { position += size }
    return bytes.withUnsafeBytes { Word(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Word.self)) }
  }

  mutating func word() throws(Problem) -> UInt32 { try number(UInt32.self) }

  mutating func long() throws(Problem) -> UInt64 { try number(UInt64.self) }

  mutating func float() throws(Problem) -> Float {
    let value = Float(bitPattern: try word())
    guard value.isFinite else { throw Problem("a number is not finite") }
    return value
  }

  mutating func double() throws(Problem) -> Double { Double(bitPattern: try long()) }

  /// A number of things.
  mutating func count(atMost most: Int) throws(Problem) -> Int {
    let count = Int(try word())
    guard count <= most else { throw Problem("a list has \(count) entries, expected at most \(most)") }
    return count
  }

  /// A number of weights or an extent.
  mutating func size() throws(Problem) -> Int {
    let value = try long()
    guard value <= UInt64(1) << 53 else { throw Problem("\(value) is no size of a tensor") }
    return Int(value)
  }
}
