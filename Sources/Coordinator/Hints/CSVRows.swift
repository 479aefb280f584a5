/// The rows of a CSV text (RFC 4180): fields may be quoted, a quote inside is doubled.
enum CSVRows {
  struct Row {
    /// Counted from 1.
    var line: Int
    var fields: [String]
  }

  static func of(_ text: String) -> [Row] {
    var rows: [Row] = []
    var row = Row(line: 1, fields: [])
    var field = String.UnicodeScalarView()
    var (line, isQuoted, isFresh) = (1, false, true)
    let scalars = Array(text.unicodeScalars)
    var index = scalars.first == "\u{feff}" ? 1 : 0
    func end(_ field: inout String.UnicodeScalarView) {
      row.fields.append(String(field))
      field = .init()
    }
    while index < scalars.count {
      let scalar = scalars[index]
      if scalar == "\n" { line += 1 }
      if isQuoted {
        if scalar != "\"" {
          field.append(scalar)
        } else if index + 1 < scalars.count, scalars[index + 1] == "\"" {
          field.append(scalar)
          index += 1
        } else {
          isQuoted = false
        }
      } else if scalar == "\"", field.isEmpty {
        isQuoted = true
      } else if scalar == "," {
        end(&field)
      } else if scalar == "\n" {
        end(&field)
        rows.append(row)
        row = Row(line: line, fields: [])
      } else if scalar != "\r" {
        field.append(scalar)
      }
      isFresh = scalar == "\n" && !isQuoted
      index += 1
    }
    if !isFresh {
      end(&field)
      rows.append(row)
    }
    return rows
  }
}
