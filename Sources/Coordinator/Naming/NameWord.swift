/// A word to look for in tensor names: one of the dot-separated parts, or a fragment anywhere in the name if the
/// word starts with `*`.
struct NameWord: Decodable, Sendable {
  private let letters: [UInt8]
  private let isFragment: Bool

  private static let dot = UInt8(ascii: ".")

  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    isFragment = text.hasPrefix("*")
    letters = Array(text.utf8.dropFirst(isFragment ? 1 : 0))
    guard !letters.isEmpty else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "an empty word"))
    }
  }

  /// - Parameter name: in lower case, as UTF-8.
  func isIn(_ name: [UInt8]) -> Bool {
    guard name.count >= letters.count else { return false }
    return (0...name.count - letters.count).contains { start in
      guard name[start] == letters[0], isFragment || start == 0 || name[start - 1] == Self.dot else { return false }
      let end = start + letters.count
      return name[start..<end].elementsEqual(letters) && (isFragment || end == name.count || name[end] == Self.dot)
    }
  }
}

extension [NameWord] {
  func contain(_ name: [UInt8]) -> Bool { contains { $0.isIn(name) } }
}
