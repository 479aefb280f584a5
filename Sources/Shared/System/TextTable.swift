/// Aligned columns of text.
package enum TextTable {
  /// - Parameters:
  ///   - rows: cells; trailing empty cells may be missing.
  ///   - indent: put before every line.
  ///   - numbers: columns that are aligned right; the others are aligned left.
  package static func of(_ rows: [[String]], indent: String = "", numbers: Set<Int> = []) -> [String] {
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
        let room = String(repeating: " ", count: widths[column] - TextColumns.count(cell))
        line += numbers.contains(column) ? room + cell : cell + (isLast ? "" : room)
        line += isLast ? "" : "  "
      }
      return line
    }
  }
}
