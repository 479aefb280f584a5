extension Matrix {
  package func times(_ other: Matrix) -> Matrix {
    precondition(columns == other.rows)
    return product(other, m: rows, n: other.columns, k: columns, turnsSelf: false, turnsOther: false)
  }

  /// The transpose of this matrix times the other.
  package func transposedTimes(_ other: Matrix) -> Matrix {
    precondition(rows == other.rows)
    return product(other, m: columns, n: other.columns, k: rows, turnsSelf: true, turnsOther: false)
  }

  /// This matrix times the transpose of the other.
  package func timesTransposed(_ other: Matrix) -> Matrix {
    precondition(columns == other.columns)
    return product(other, m: rows, n: other.rows, k: columns, turnsSelf: false, turnsOther: true)
  }

  /// Row-major A B is B' A' of BLAS, which reads columns.
  private func product(
    _ other: Matrix, m: Int, n: Int, k: Int, turnsSelf: Bool, turnsOther: Bool
  ) -> Matrix {
    guard m > 0, n > 0, k > 0 else { return Matrix(zeros: m, n) }
    guard let multiply = OpenBLAS.routines?.product else { preconditionFailure("OpenBLAS.require was not called") }
    var result = Matrix(zeros: m, n)
    var (height, width, depth) = (Int32(n), Int32(m), Int32(k))
    var (lead, otherLead) = (Int32(columns), Int32(other.columns))
    var (one, zero) = (1.0, 0.0)
    multiply(
      turnsOther ? "T" : "N", turnsSelf ? "T" : "N", &height, &width, &depth, &one, other.values, &otherLead, values,
      &lead, &zero, &result.values, &height)
    return result
  }

  /// The orthogonal matrix that is nearest to this square one, U V' of its singular value decomposition.
  ///
  /// - Returns: nil where the numbers are not finite, or LAPACK does not converge.
  package var nearestOrthogonal: Matrix? {
    precondition(rows == columns)
    return decomposition.map { $0.left.times($0.right) }
  }

  /// The inverse of a square matrix, by elimination with pivots; for small ones.
  ///
  /// - Returns: nil where it is singular to rounding.
  package var inverse: Matrix? {
    precondition(rows == columns)
    var (left, right) = (self, Matrix.identity(rows))
    let scale = values.map(abs).max() ?? 0
    for column in 0..<columns {
      guard let pivot = (column..<rows).max(by: { abs(left[$0, column]) < abs(left[$1, column]) }),
        abs(left[pivot, column]) > 1e-12 * scale
      else { return nil }
      for place in 0..<columns where pivot != column {
        left.values.swapAt(pivot * columns + place, column * columns + place)
        right.values.swapAt(pivot * columns + place, column * columns + place)
      }
      let factor = 1 / left[column, column]
      for place in 0..<columns {
        left[column, place] *= factor
        right[column, place] *= factor
      }
      for row in 0..<rows where row != column {
        let share = left[row, column]
        guard share != 0 else { continue }
        for place in 0..<columns {
          left[row, place] -= share * left[column, place]
          right[row, place] -= share * right[column, place]
        }
      }
    }
    return right
  }
}
