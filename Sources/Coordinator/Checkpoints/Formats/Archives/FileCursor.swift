package import Storage
package import System

/// Bytes of a file in order, read in pieces of fixed size; what is skipped is not read.
///
/// Nothing is read beyond the limits that the caller sets: the end of the part, and how many bytes may be read at all.
package struct FileCursor {
  /// Fills a buffer from an offset on.
  package typealias Read = (_ into: UnsafeMutableRawBufferPointer, _ offset: Int) throws(Failure) -> Void

  /// Absolute, in the file.
  package private(set) var place: Int
  package let end: Int
  /// The file, for messages.
  package let path: String
  /// How many more bytes may be read.
  private var budget: Int
  private let budgetAtStart: Int
  private let read: Read
  private var piece: [UInt8] = []
  private var pieceStart = 0

  private static let pieceBytes = 1 << 16

  /// - Parameters:
  ///   - range: the part of the file that may be read, in bytes.
  ///   - limit: the most bytes that may be read of it; what is skipped does not count.
  package init(path: String, range: Range<Int>, limit: Int, read: @escaping Read) {
    self.path = path
    place = range.lowerBound
    end = range.upperBound
    budget = limit
    budgetAtStart = limit
    self.read = read
  }

  package init(_ file: WeightFile, range: Range<Int>, limit: Int) {
    self.init(path: file.path, range: range, limit: limit) { buffer, offset throws(Failure) in
      try file.read(into: buffer, at: offset, what: "the table of contents")
    }
  }

  package var left: Int { end - place }

  package mutating func byte() throws(Failure) -> UInt8 {
    if !piece.indices.contains(place - pieceStart) { try fill() }
    try spend(1)
    defer { place += 1 }
    return piece[place - pieceStart]
  }

  /// - Precondition: `count` is not negative.
  package mutating func bytes(_ count: Int) throws(Failure) -> [UInt8] {
    try require(count)
    try spend(count)
    var all: [UInt8] = []
    all.reserveCapacity(count)
    while all.count < count {
      if !piece.indices.contains(place - pieceStart) { try fill() }
      let from = place - pieceStart
      let part = piece[from..<min(piece.count, from + count - all.count)]
      all += part
      place += part.count
    }
    return all
  }

  /// Up to a line feed, which is read and left out.
  package mutating func line(longest: Int) throws(Failure) -> [UInt8] {
    var line: [UInt8] = []
    while case let byte = try byte(), byte != UInt8(ascii: "\n") {
      guard line.count < longest else {
        throw bad("has a line of more than \(longest) bytes where a number or name belongs")
      }
      line.append(byte)
    }
    return line
  }

  /// - Returns: where the bytes are that were skipped.
  package mutating func skip(_ count: Int) throws(Failure) -> Range<Int> {
    try require(count)
    let start = place
    place += count
    return start..<place
  }

  /// An unsigned number, little-endian.
  package mutating func number<T: FixedWidthInteger & UnsignedInteger>(_: T.Type) throws(Failure) -> T {
    var value: T = 0
    for index in 0..<(T.bitWidth / 8) { value |= T(try byte()) << T(8 * index) }
    return value
  }

  /// A count of bytes or things, of 8 bytes.
  package mutating func count() throws(Failure) -> Int {
    let value = try number(UInt64.self)
    guard let count = Int(exactly: value) else { throw bad("announces \(value) bytes, more than any file has") }
    return count
  }

  /// A defect of the file, where the cursor is.
  package func bad(_ what: String) -> Failure {
    .badInput(
      "'\(path.printable)' \(what) (at byte \(place))", advice: "the file is damaged; download or write it again")
  }

  private func require(_ count: Int) throws(Failure) {
    guard count >= 0, count <= left else {
      throw bad("announces \(count) bytes, but only \(left) follow: it was cut off, or is not what it seems to be")
    }
  }

  private mutating func spend(_ count: Int) throws(Failure) {
    guard count <= budget else {
      throw bad("has a table of contents of more than \(ByteCount(bytes: budgetAtStart)), which no honest file has")
    }
    budget -= count
  }

  private mutating func fill() throws(Failure) {
    guard left > 0 else { throw bad("ends too early: it was cut off") }
    let count = min(Self.pieceBytes, left)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
    defer { buffer.deallocate() }
    try read(buffer, place)
    piece = Array(buffer)
    pieceStart = place
  }
}
