internal import Foundation

/// The name of a part of a model: `model-00001-of-00003.safetensors`, whatever the stem.
struct PartName: Equatable {
  /// `model`
  var stem: String
  var number: Int
  var count: Int
  /// `safetensors`
  var ending: String

  /// - Returns: nil for a name that is none.
  init?(_ name: String) {
    guard let ending = WeightNames.ending(of: name) else { return nil }
    let whole = name.dropLast(ending.utf8.count + 1)
    guard let middle = whole.range(of: "-of-", options: .backwards),
      let count = Self.number(whole[middle.upperBound...]),
      case let front = whole[..<middle.lowerBound],
      let separator = front.lastIndex(where: { "-_.".contains($0) }), separator > front.startIndex,
      let number = Self.number(front[front.index(after: separator)...]), number <= count
    else { return nil }
    stem = String(front[..<separator])
    self.number = number
    self.count = count
    self.ending = ending
  }

  private static func number(_ digits: Substring) -> Int? {
    guard 1...6 ~= digits.utf8.count, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int(digits)
  }
}
