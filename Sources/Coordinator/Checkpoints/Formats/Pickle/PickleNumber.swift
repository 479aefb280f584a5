/// Whole numbers of pickles, which may have any length.
enum PickleNumber {
  /// Bytes of the longest number whose value may be small: what is longer is filled up with its sign.
  static let mostBytes = 16

  /// - Parameter bytes: at most `mostBytes`, little-endian, two's complement; none: 0.
  static func value(_ bytes: [UInt8]) -> PickleValue {
    guard let last = bytes.last else { return .int(0) }
    let sign: UInt8 = last & 0x80 == 0 ? 0 : 0xff
    guard bytes.dropFirst(8).allSatisfy({ $0 == sign }), bytes.count <= 8 || bytes[7] & 0x80 == sign & 0x80 else {
      return .hugeInt
    }
    var value: UInt64 = 0
    for index in 0..<8 { value |= UInt64(index < bytes.count ? bytes[index] : sign) << UInt64(8 * index) }
    return .int(Int(Int64(bitPattern: value)))
  }

  /// - Parameter text: `12` or `12L`; `00` and `01` are false and true.
  /// - Returns: nil for what is no number.
  static func value(_ text: String) -> PickleValue? {
    if text == "00" || text == "01" { return .bool(text == "01") }
    let digits = text.hasSuffix("L") ? text.dropLast() : text[...]
    if let number = Int(digits) { return .int(number) }
    guard !digits.isEmpty, digits.utf8.dropFirst(digits.hasPrefix("-") ? 1 : 0).allSatisfy({ 0x30...0x39 ~= $0 })
    else { return nil }
    return .hugeInt
  }
}
