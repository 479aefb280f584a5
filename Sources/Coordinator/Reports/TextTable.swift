internal import Core

/// Columns of text, as wide as what they hold.
enum TextTable {
  /// - Parameter rows: cells; the first column is aligned left, the others too. Trailing empty cells
  ///   may be missing.
  static func of(_ rows: [[String]], indent: String = "") -> [String] {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], TextColumns.count(cell))
      }
    }
    return rows.map { row in
      var line = indent
      for (column, cell) in row.enumerated() {
        let isLast = column == row.count - 1
        let room = isLast ? 0 : widths[column] - TextColumns.count(cell) + 2
        line += cell + String(repeating: " ", count: room)
      }
      return line
    }
  }
}
