package import Foundation

/// JSON as this program writes it everywhere: sorted keys, slashes as they are, infinities and NaN as
/// `"inf"`, `"-inf"` and `"nan"`. Equal values give equal text.
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
    return data
  }
}
