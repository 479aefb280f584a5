extension StringProtocol {
  /// The text as it may be shown on a terminal or in a log: names come from files, so control
  /// characters (escape sequences, line breaks, direction overrides) are written out.
  public var printable: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
