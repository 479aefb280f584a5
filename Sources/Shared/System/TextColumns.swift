/// The width of text on a terminal or in a fixed-width font, and ways to shorten it.
package enum TextColumns {
  /// Columns of a text: 2 for wide scalars (East Asian, emoji), 0 for combining marks.
  package static func count(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

  /// The text with its middle omitted, so that it fits into `columns`; ids often differ at their ends.
  package static func shortened(_ text: String, to columns: Int) -> String {
    guard count(text) > columns, columns > 0 else { return text }
    let room = columns - 1
    let head = taken(Array(text.unicodeScalars), room - room / 2)
    let tail = taken(text.unicodeScalars.reversed(), room / 2)
    return head.text + "…" + String(String.UnicodeScalarView(tail.scalars.reversed()))
  }

  /// The beginning of the text that fits into `columns`.
  package static func cut(_ text: String, to columns: Int) -> String {
    guard count(text) > columns, columns > 0 else { return text }
    return taken(Array(text.unicodeScalars), columns - 1).text + "…"
  }

  /// The text in lines of at most `columns`, broken between words; lines after the first are indented by two columns. A
  /// word that is wider than a line is shortened.
  package static func wrapped(_ text: String, to columns: Int) -> [String] {
    let indent = "  "
    guard count(text) > columns, columns > 2 * indent.count else { return [text] }
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      let start = lines.isEmpty ? "" : indent
      let word = shortened(String(word), to: columns - start.count)
      if line.isEmpty {
        line = start + word
      } else if count(line) + 1 + count(word) <= columns {
        line += " " + word
      } else {
        lines.append(line)
        line = indent + shortened(word, to: columns - indent.count)
      }
    }
    return lines + [line]
  }

  private static func taken(_ scalars: [Unicode.Scalar], _ columns: Int) -> (text: String, scalars: [Unicode.Scalar]) {
    var taken: [Unicode.Scalar] = []
    var used = 0
    for scalar in scalars {
      used += width(scalar)
      guard used <= columns else { break }
      taken.append(scalar)
    }
    return (String(String.UnicodeScalarView(taken)), taken)
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: 0
    default: wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
  }

  /// Blocks that Unicode's EastAsianWidth calls wide or fullwidth, and emoji.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x231a...0x231b, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
    0xa000...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
    0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x1fa70...0x1faff,
    0x20000...0x3fffd,
  ]
}
