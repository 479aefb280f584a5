extension StringProtocol {
  /// The text in a form that is safe on terminals and in logs. Names come from files, so control characters (escape
  /// sequences, line breaks, direction overrides) are escaped.
  package var printable: String {
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

extension Unicode.Scalar {
  /// Could it drive a terminal, reorder what it shows, or end a line? Controls, separators, direction overrides and
  /// other invisible characters, and noncharacters; not the zero-width joiners, which scripts and emoji need.
  package var isHazard: Bool {
    guard value < 0x20 || value >= 0x7f else { return false }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    case .format: return self != "\u{200c}" && self != "\u{200d}"
    default: return value & 0xfffe == 0xfffe
    }
  }
}
