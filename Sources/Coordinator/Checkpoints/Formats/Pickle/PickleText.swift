/// Texts as protocol 0 of pickles writes them, in one line.
enum PickleText {
  /// Undoes `\uXXXX` and `\UXXXXXXXX`, which stand for what is not Latin-1, for line feeds and backslashes.
  static func unescaped(_ text: String) -> String {
    guard text.contains("\\") else { return text }
    var result = ""
    var rest = text[...]
    while let slash = rest.firstIndex(of: "\\") {
      result += rest[..<slash]
      let mark = rest[rest.index(after: slash)...].first
      let digits = mark == "u" ? 4 : mark == "U" ? 8 : 0
      let code = rest[slash...].dropFirst(2).prefix(digits)
      if digits > 0, code.count == digits, let value = UInt32(code, radix: 16), let scalar = Unicode.Scalar(value) {
        result.unicodeScalars.append(scalar)
        rest = rest[code.endIndex...]
      } else {
        result += "\\"
        rest = rest[rest.index(after: slash)...]
      }
    }
    return result + rest
  }
}
