internal import System

/// Model ids in formats that are shown on terminals, or that cannot hold every character.
///
/// Names come from files. Control characters, line separators and direction overrides are written as `\u{hex}`, and a
/// backslash that already stands before `u{` as `\u{5c}`: replacing every `\u{hex}` gives the id back, so no two ids
/// meet. Zero-width joiners stay, since scripts and emoji need them.
enum IDText {
  static func escaped(_ id: String) -> String {
    guard id.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7f || $0 == 0x5c }) else { return id }
    let scalars = Array(id.unicodeScalars)
    var text = String.UnicodeScalarView()
    for (place, scalar) in scalars.enumerated() {
      if scalar.isHazard || isEscape(scalars, place) {
        text.append(contentsOf: code(scalar).unicodeScalars)
      } else {
        text.append(scalar)
      }
    }
    return String(text)
  }

  /// `\u{1b}`
  static func code(_ scalar: Unicode.Scalar) -> String { "\\u{\(String(scalar.value, radix: 16))}" }

  /// Would a reader take the backslash at this place for the beginning of an escape?
  static func isEscape(_ scalars: [Unicode.Scalar], _ place: Int) -> Bool {
    scalars[place] == "\\" && place + 2 < scalars.count && scalars[place + 1] == "u" && scalars[place + 2] == "{"
  }
}
