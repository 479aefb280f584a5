extension Matrix {
  /// For each row how far it is from the same row of another matrix of this shape.
  package func rowDistances(from other: Matrix) -> [Double] {
    precondition(rows == other.rows && columns == other.columns)
    return values.withUnsafeBufferPointer { mine in
      other.values.withUnsafeBufferPointer { theirs in
        (0..<rows).map { row in
          var sum = 0.0
          for place in row * columns..<(row + 1) * columns {
            let apart = mine[place] - theirs[place]
            sum += apart * apart
          }
          return sum.squareRoot()
        }
      }
    }
  }

  /// Adds the rows of another matrix of this shape, each times a factor of its own.
  package mutating func addRows(of other: Matrix, times factors: [Double]) {
    precondition(rows == other.rows && columns == other.columns && factors.count == rows)
    let columns = columns
    values.withUnsafeMutableBufferPointer { mine in
      other.values.withUnsafeBufferPointer { theirs in
        for (row, factor) in factors.enumerated() {
          for place in row * columns..<(row + 1) * columns { mine[place] += factor * theirs[place] }
        }
      }
    }
  }
}

extension [Matrix] {
  /// One above the other; all have as many columns.
  package var stacked: Matrix {
    Matrix(rows: reduce(0) { $0 + $1.rows }, columns: first?.columns ?? 0, flatMap(\.values))
  }
}
