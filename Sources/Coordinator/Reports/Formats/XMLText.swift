internal import System

/// Text inside of XML.
enum XMLText {
  /// Characters that would drive a terminal become character references, and those that XML 1.0 cannot hold at all are
  /// written as `IDText` does: two texts never become the same.
  static func escaped(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for (place, scalar) in scalars.enumerated() {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&apos;"
      case "\t", "\n", "\r": result += "&#\(scalar.value);"
      case _ where scalar.value < 0x20 || scalar.value & 0xfffe == 0xfffe || IDText.isEscape(scalars, place):
        result += IDText.code(scalar)
      case _ where scalar.isHazard: result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
