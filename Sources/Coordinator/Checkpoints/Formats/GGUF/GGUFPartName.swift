/// The name of one file of a model that llama-gguf-split has split: `llama-Q4_K_M-00002-of-00005.gguf`.
struct GGUFPartName: Hashable {
  let stem: String
  /// From 1 on.
  let number: Int
  let count: Int

  /// - Returns: nil for any other name.
  init?(_ name: String) {
    guard name.hasSuffix(Self.ending) else { return nil }
    // -NNNNN-of-NNNNN
    let body = name.dropLast(Self.ending.count)
    let tail = Array(body.utf8.suffix(15))
    guard tail.count == 15, tail.prefix(1) == Array("-".utf8)[...], tail[6..<10] == Array("-of-".utf8)[...],
      let number = Self.number(tail[1..<6]), let count = Self.number(tail[10..<15]), 1...count ~= number
    else { return nil }
    stem = String(body.dropLast(15))
    self.number = number
    self.count = count
  }

  private init(stem: String, number: Int, count: Int) {
    self.stem = stem
    self.number = number
    self.count = count
  }

  /// The names of all parts, in order.
  var all: [String] { (1...count).map { GGUFPartName(stem: stem, number: $0, count: count).name } }

  private var name: String { "\(stem)-\(Self.digits(number))-of-\(Self.digits(count))\(Self.ending)" }

  private static let ending = ".gguf"

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
    let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    return value > 0 ? value : nil
  }

  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }
}
