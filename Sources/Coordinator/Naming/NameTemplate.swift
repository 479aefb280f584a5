/// A tensor name with `#` in the place of each number, and the numbers.
struct NameTemplate {
  let text: String
  let numbers: [Substring]

  init(_ name: String) {
    var numbers: [Substring] = []
    var parts: [Substring] = []
    for part in name.split(separator: ".", omittingEmptySubsequences: false) {
      if !part.isEmpty, part.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) {
        numbers.append(part)
        parts.append("#")
      } else {
        parts.append(part)
      }
    }
    self.numbers = numbers
    text = numbers.isEmpty ? name : parts.joined(separator: ".")
  }

  /// Another template with this name's numbers, in their order.
  func filling(_ other: String) -> String {
    var rest = numbers[...]
    return other.split(separator: ".", omittingEmptySubsequences: false)
      .map { $0 == "#" ? rest.popFirst() ?? $0 : $0 }.joined(separator: ".")
  }
}
