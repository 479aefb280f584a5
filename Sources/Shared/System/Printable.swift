extension StringProtocol {
  /// The text in a form that is safe on terminals and in logs. Names come from files, so control characters (escape
  /// sequences, line breaks, direction overrides) are escaped.
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
