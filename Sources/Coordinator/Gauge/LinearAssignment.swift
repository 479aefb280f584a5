package import Spectra

/// Exact linear assignment by shortest augmenting paths (Jonker and Volgenant 1987, for rectangular matrices as in
/// Crouse 2016): every row gets a column of its own, so that the sum of the chosen numbers is the least.
package enum LinearAssignment {
  /// - Parameter cost: rows x columns, no more rows than columns, finite.
  /// - Returns: the column of each row.
  package static func least(_ cost: Matrix) -> [Int] {
    let (rows, columns) = (cost.rows, cost.columns)
    precondition(rows <= columns)
    var search = Search(rows: rows, columns: columns)
    cost.values.withUnsafeBufferPointer { numbers in
      for row in 0..<rows { search.assign(row, numbers) }
    }
    return search.columnOfRow
  }

  /// The same for the greatest sum.
  package static func greatest(_ gain: Matrix) -> [Int] { least(gain.scaled(by: -1)) }

  /// Pairs of a row and a column each of which is the other's best; what is likest without doubt.
  ///
  /// - Returns: the column of each row, nil for rows without.
  package static func mutualBest(_ gain: Matrix) -> [Int?] {
    var bestRow = Array(repeating: 0, count: gain.columns)
    var best: [Int] = []
    gain.values.withUnsafeBufferPointer { numbers in
      for row in 0..<gain.rows {
        var top = 0
        for column in 0..<gain.columns {
          let number = numbers[row * gain.columns + column]
          if number > numbers[row * gain.columns + top] { top = column }
          if number > numbers[bestRow[column] * gain.columns + column] { bestRow[column] = row }
        }
        best.append(top)
      }
    }
    guard gain.columns > 0 else { return Array(repeating: nil, count: gain.rows) }
    return best.enumerated().map { row, column in bestRow[column] == row ? column : nil }
  }

  private struct Search {
    let rows: Int
    let columns: Int
    /// Dual variables.
    var u: [Double]
    var v: [Double]
    var columnOfRow: [Int]
    var rowOfColumn: [Int]
    /// Of the path that is sought: the least cost of a path to each column, and the row before it.
    var shortest: [Double]
    var path: [Int]

    init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
      u = Array(repeating: 0, count: rows)
      v = Array(repeating: 0, count: columns)
      columnOfRow = Array(repeating: -1, count: rows)
      rowOfColumn = Array(repeating: -1, count: columns)
      shortest = Array(repeating: 0, count: columns)
      path = Array(repeating: -1, count: columns)
    }

    mutating func assign(_ start: Int, _ cost: UnsafeBufferPointer<Double>) {
      for column in 0..<columns { shortest[column] = .infinity }
      var remaining = Array(0..<columns)
      var scanned: (rows: [Int], columns: [Int]) = ([], [])
      var (row, least, sink) = (start, 0.0, -1)
      while sink < 0 {
        scanned.rows.append(row)
        var next = 0
        var lowest = Double.infinity
        for (place, column) in remaining.enumerated() {
          let reduced = least + cost[row * columns + column] - u[row] - v[column]
          if reduced < shortest[column] {
            shortest[column] = reduced
            path[column] = row
          }
          // Of equally near columns, a free one ends the search.
          if shortest[column] < lowest || (shortest[column] == lowest && rowOfColumn[column] < 0) {
            lowest = shortest[column]
            next = place
          }
        }
        precondition(lowest < .infinity, "a cost is not finite")
        least = lowest
        let column = remaining[next]
        remaining.swapAt(next, remaining.count - 1)
        remaining.removeLast()
        scanned.columns.append(column)
        if rowOfColumn[column] < 0 { sink = column } else { row = rowOfColumn[column] }
      }
      u[start] += least
      for row in scanned.rows where row != start { u[row] += least - shortest[columnOfRow[row]] }
      for column in scanned.columns where column != sink { v[column] -= least - shortest[column] }
      augment(to: sink, from: start)
    }

    private mutating func augment(to sink: Int, from start: Int) {
      var column = sink
      while true {
        let row = path[column]
        rowOfColumn[column] = row
        let before = columnOfRow[row]
        columnOfRow[row] = column
        guard row != start else { return }
        column = before
      }
    }
  }
}
