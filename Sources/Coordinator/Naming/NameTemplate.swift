/// A tensor name in parts, which templates are compared with.
struct NameTemplate {
  let parts: [Substring]
  /// For each part: is it a number?
  let isNumber: [Bool]

  init(_ name: String) {
    parts = name.split(separator: ".", omittingEmptySubsequences: false)
    isNumber = parts.map { part in
      !part.isEmpty && part.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }
  }

  /// The name from a part on, with `#` in the place of each number but those that are literal.
  func text(from start: Int, literal: [Bool] = []) -> String {
    var number = 0
    return (start..<parts.count).map { place -> Substring in
      guard isNumber[place] else { return parts[place] }
      defer { number += 1 }
      return number < literal.count && literal[number] ? parts[place] : "#"
    }.joined(separator: ".")
  }

  /// The numbers from a part on, without those that are literal.
  func numbers(from start: Int, literal: [Bool] = []) -> [Substring] {
    (start..<parts.count).filter { isNumber[$0] }.enumerated()
      .filter { $0.offset >= literal.count || !literal[$0.offset] }.map { parts[$0.element] }
  }

  /// Of a template: which of its numbers are literal, `#` being none.
  var literals: [Bool] { parts.indices.filter { isNumber[$0] || parts[$0] == "#" }.map { isNumber[$0] } }

  /// Of a template: without any literal numbers.
  var withoutLiterals: String { text(from: 0) }

  /// A template with numbers in the places of its `#`, in their order.
  static func filling(_ template: String, _ numbers: [Substring]) -> String {
    var rest = numbers[...]
    return template.split(separator: ".", omittingEmptySubsequences: false)
      .map { $0 == "#" ? rest.popFirst() ?? $0 : $0 }.joined(separator: ".")
  }
}
