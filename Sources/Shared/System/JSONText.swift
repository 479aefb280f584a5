package import Foundation

/// JSON as this program writes it everywhere: sorted keys, slashes as they are, infinities and NaN as
/// `"inf"`, `"-inf"` and `"nan"`, and no character that could drive a terminal: those are written as `\u001b`.
/// Equal values give equal text.
package enum JSONText {
  package struct Style: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Indented lines, for files and terminals, in place of one line.
    package static let pretty = Style(rawValue: 1)
    /// `snake_case` keys, for files and answers that other programs read, in place of Swift's names.
    package static let snakeCase = Style(rawValue: 2)
  }

  /// - Parameters:
  ///   - value: made of plain values, which always encode.
  ///   - style: one line with Swift's names by default.
  ///   - dates: how moments are written; as numbers when nil.
  package static func of(
    _ value: some Encodable, style: Style = [], dates: (@Sendable (Date) -> String)? = nil
  ) -> String {
    String(decoding: data(of: value, style: style, dates: dates), as: UTF8.self)
  }

  /// What a command prints with `--json`: indented, with `snake_case` keys, ended by a line end.
  package static func answer(_ value: some Encodable) -> String { of(value, style: [.pretty, .snakeCase]) + "\n" }

  /// The same text as UTF-8.
  package static func data(
    of value: some Encodable, style: Style = [], dates: (@Sendable (Date) -> String)? = nil
  ) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if style.contains(.pretty) { encoder.outputFormatting.insert(.prettyPrinted) }
    if style.contains(.snakeCase) { encoder.keyEncodingStrategy = .convertToSnakeCase }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    if let dates {
      encoder.dateEncodingStrategy = .custom { date, encoder in
        var container = encoder.singleValueContainer()
        try container.encode(dates(date))
      }
    }
    guard let data = try? encoder.encode(value) else {
      preconditionFailure("plain values always encode")
    }
    return withoutHazards(data)
  }

  /// Escapes what the encoder leaves as it is; controls below 0x20 are escaped already.
  private static func withoutHazards(_ json: Data) -> Data {
    guard json.contains(where: { $0 >= 0x7f }) else { return json }
    var text = String.UnicodeScalarView()
    for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
      guard scalar.value >= 0x7f, scalar.isHazard else {
        text.append(scalar)
        continue
      }
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        text.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
      }
    }
    return Data(String(text).utf8)
  }
}
