internal import System

/// What a GGUF file says beside its tensors: keys with values of twelve types and lists of them.
struct GGUFMetadata {
  /// Numbers and short texts by their keys, such as `general.architecture` and `llama.attention.head_count`. Of a
  /// list of numbers that are all the same, such as one for each layer, that number.
  private(set) var kept: [String: String] = [:]
  private var keys: Set<String> = []

  private static let longestKey = 65535
  private static let longestText = 256
  /// Numbers of a list that is read: one for each layer.
  private static let longestList = 1024
  private static let deepest = 4

  /// Reads the next key and its value.
  mutating func readEntry(_ cursor: inout FileCursor) throws(Failure) {
    let length = try cursor.count()
    guard length <= Self.longestKey else {
      throw cursor.bad("has a key of \(length) bytes in its metadata, expected \(Self.longestKey) at most")
    }
    let key = String(decoding: try cursor.bytes(length), as: UTF8.self)
    guard keys.insert(key).inserted else { throw cursor.bad("has the key '\(key.printable)' twice in its metadata") }
    let type = try cursor.number(UInt32.self)
    if let value = try value(type, of: key, depth: 0, &cursor), key.utf8.count <= Self.longestText { kept[key] = value }
  }

  /// Where tensors start: at multiples of this many bytes.
  func alignment(_ path: String) throws(Failure) -> Int {
    guard let text = kept["general.alignment"] else { return 32 }
    guard let alignment = Int(text), alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 24 else {
      throw .badInput(
        "'\(path.printable)' gives '\(text.printable)' as its alignment, expected a power of two",
        advice: "the file is damaged; download or write it again")
    }
    return alignment
  }

  /// - Returns: nil for what is not kept.
  private func value(_ type: UInt32, of key: String, depth: Int, _ cursor: inout FileCursor) throws(Failure)
    -> String?
  {
    switch type {
    case 0: return "\(try cursor.number(UInt8.self))"
    case 1: return "\(Int8(bitPattern: try cursor.number(UInt8.self)))"
    case 2: return "\(try cursor.number(UInt16.self))"
    case 3: return "\(Int16(bitPattern: try cursor.number(UInt16.self)))"
    case 4: return "\(try cursor.number(UInt32.self))"
    case 5: return "\(Int32(bitPattern: try cursor.number(UInt32.self)))"
    case 6: return "\(Float(bitPattern: try cursor.number(UInt32.self)))"
    case 7: return try cursor.number(UInt8.self) == 0 ? "false" : "true"
    case 8:
      let length = try cursor.count()
      guard length <= Self.longestText else {
        _ = try cursor.skip(length)
        return nil
      }
      return String(validating: try cursor.bytes(length), as: UTF8.self)
    case 9: return try list(of: key, depth: depth, &cursor)
    case 10: return "\(try cursor.number(UInt64.self))"
    case 11: return "\(Int64(bitPattern: try cursor.number(UInt64.self)))"
    case 12: return "\(Double(bitPattern: try cursor.number(UInt64.self)))"
    default:
      throw cursor.bad("has a value of the unknown type \(type) for the key '\(key.printable)' in its metadata")
    }
  }

  private func list(of key: String, depth: Int, _ cursor: inout FileCursor) throws(Failure) -> String? {
    guard depth < Self.deepest else {
      throw cursor.bad("has lists nested more than \(Self.deepest) deep for the key '\(key.printable)' in its metadata")
    }
    let type = try cursor.number(UInt32.self)
    let count = try cursor.count()
    guard let size = Self.sizes[type] else {
      // Texts and lists, each with its own length.
      guard type == 8 || type == 9 else {
        throw cursor.bad("has a list of the unknown type \(type) for the key '\(key.printable)' in its metadata")
      }
      guard count <= cursor.left / 8 else {
        throw cursor.bad(
          "announces \(count) values for the key '\(key.printable)' in its metadata, more than fit in the file")
      }
      for _ in 0..<count {
        if type == 8 {
          _ = try cursor.skip(try cursor.count())
        } else {
          _ = try list(of: key, depth: depth + 1, &cursor)
        }
      }
      return nil
    }
    guard depth == 0, 1...Self.longestList ~= count else {
      let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: size)
      _ = try cursor.skip(isTooLarge ? .max : bytes)
      return nil
    }
    let first = try value(type, of: key, depth: depth, &cursor)
    var isSame = true
    for _ in 1..<count {
      let next = try value(type, of: key, depth: depth, &cursor)
      if next != first { isSame = false }
    }
    return isSame ? first : nil
  }

  /// Bytes of numbers by their types.
  private static let sizes: [UInt32: Int] = [
    0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8,
  ]
}
