/// Cells of CSV files (RFC 4180) that hold names from files.
package enum CSVText {
  /// The text as a cell: control characters as `IDText` writes them, an apostrophe before what a spreadsheet would run
  /// as a formula, quotes where commas, quotes or semicolons are in it.
  ///
  /// Formulas begin with `=`, `+`, `-`, `@` or their full-width forms. A text that begins with apostrophes before one
  /// of them gets one more, so that removing one from such cells gives every text back.
  package static func cell(_ text: String) -> String {
    var scalars = Array(IDText.escaped(text).unicodeScalars)
    if let first = scalars.first(where: { $0 != "'" }), formulaStarts.contains(first) { scalars.insert("'", at: 0) }
    // Scalar by scalar: a quote below a combining mark is another character to Swift, but a quote to every reader.
    let isQuoted = scalars.contains { separators.contains($0) }
    var cell = String.UnicodeScalarView()
    for scalar in scalars {
      if scalar == "\"" { cell.append(scalar) }
      cell.append(scalar)
    }
    return isQuoted ? "\"\(String(cell))\"" : String(cell)
  }

  package static func row(_ cells: [String]) -> String { cells.joined(separator: ",") }

  private static let formulaStarts: Set<Unicode.Scalar> = [
    "=", "+", "-", "@", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}",
  ]
  private static let separators: Set<Unicode.Scalar> = [",", "\"", ";"]
}
