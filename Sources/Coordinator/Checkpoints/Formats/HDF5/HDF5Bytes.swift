internal import Storage
internal import System

/// The bytes of an HDF5 file that describe it, at any place; bounded in all.
struct HDF5Bytes {
  private let file: WeightFile
  let count: Int
  /// How many more bytes may be read.
  private var budget = 256 << 20

  private static let longestName = 4096

  init(_ source: SourceFile) throws(Failure) {
    file = try WeightFile(path: source.path)
    count = source.bytes
  }

  mutating func bytes(at offset: Int, _ length: Int) throws(Failure) -> [UInt8] {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else {
      throw bad("points beyond its end, to byte \(offset)")
    }
    guard length <= budget else { throw bad("has descriptions of more than 256 MiB, which no honest file has") }
    budget -= length
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 8)
    defer { buffer.deallocate() }
    try file.read(into: buffer, at: offset, what: "the descriptions of datasets")
    return Array(buffer)
  }

  /// Little-endian.
  mutating func number(at offset: Int, _ length: Int) throws(Failure) -> Int {
    guard let number = HDF5Object.number(try bytes(at: offset, length)[...]) else {
      throw bad("has a number at byte \(offset) that is larger than any file")
    }
    return number
  }

  /// A place in the file.
  mutating func address(at offset: Int) throws(Failure) -> Int {
    let address = try number(at: offset, 8)
    guard address < count else { throw bad("points beyond its end, to byte \(address)") }
    return address
  }

  /// Up to a zero byte.
  mutating func text(at offset: Int) throws(Failure) -> String {
    let bytes = try bytes(at: offset, min(Self.longestName, max(0, count - offset)))
    guard let end = bytes.firstIndex(of: 0) else { throw bad("has a name of more than \(Self.longestName) bytes") }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  func bad(_ what: String) -> Failure {
    .badInput("'\(file.path.printable)' \(what)", advice: "the file is damaged; download or write it again")
  }
}
