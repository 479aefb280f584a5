internal import System

/// The fields of one message of protocol buffers (protobuf.dev, "Encoding"), in order. What a message contains is a
/// range of the file until somebody reads it.
struct ProtobufReader {
  enum Value: Equatable {
    /// Wire type 0.
    case number(UInt64)
    /// Wire types 1 and 5: where the 8 or 4 bytes are.
    case fixed(Range<Int>)
    /// Wire type 2.
    case bytes(Range<Int>)
  }

  private(set) var cursor: FileCursor

  init(_ cursor: FileCursor) { self.cursor = cursor }

  /// The next field; nil at the end of the message.
  mutating func next() throws(Failure) -> (field: Int, value: Value)? {
    guard cursor.left > 0 else { return nil }
    let key = try number()
    guard let field = Int(exactly: key >> 3), 1...536_870_911 ~= field else {
      throw cursor.bad("is not a message of protocol buffers: it has a field of the number \(key >> 3)")
    }
    switch key & 7 {
    case 0: return (field, .number(try number()))
    case 1: return (field, .fixed(try cursor.skip(8)))
    case 2:
      guard let count = Int(exactly: try number()) else { throw cursor.bad("announces more bytes than any file has") }
      return (field, .bytes(try cursor.skip(count)))
    case 5: return (field, .fixed(try cursor.skip(4)))
    default: throw cursor.bad("is not a message of protocol buffers: it has a field of the kind \(key & 7)")
    }
  }

  /// A number of up to 64 bits, 7 bits a byte, the lowest first.
  mutating func number() throws(Failure) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<10 {
      let byte = try cursor.byte()
      guard index < 9 || byte < 2 else { break }
      value |= UInt64(byte & 0x7f) << UInt64(7 * index)
      if byte < 0x80 { return value }
    }
    throw cursor.bad("has a number of more than 64 bits")
  }
}
