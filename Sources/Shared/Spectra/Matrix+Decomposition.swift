extension Matrix {
  /// Left, values and right of a matrix A = left * diag(values) * right; k is the smaller of its sides.
  package struct Decomposition: Sendable {
    /// rows x k, orthonormal columns.
    package let left: Matrix
    /// k, descending.
    package let values: [Double]
    /// k x columns, orthonormal rows.
    package let right: Matrix
  }

  /// The singular value decomposition, by LAPACK's dgesdd.
  ///
  /// - Returns: nil where the matrix is empty, the numbers are not finite, or LAPACK does not converge.
  package var decomposition: Decomposition? {
    guard !values.isEmpty, values.allSatisfy(\.isFinite), let decompose = OpenBLAS.routines?.decomposition
    else { return nil }
    let size = min(rows, columns)
    var matrix = values
    var found = Array(repeating: 0.0, count: size)
    // LAPACK reads the transpose, so that what it calls U is the transpose of the right side here, and V' of the left.
    var (right, left) = (Matrix(zeros: size, columns), Matrix(zeros: rows, size))
    var positions = Array(repeating: Int32(0), count: 8 * size)
    var (m, n, k, info) = (Int32(columns), Int32(rows), Int32(size), Int32(0))
    var lead = m
    var work = [0.0]
    // Called with a length of -1, it returns the best length of the work space.
    for isDone in [false, true] {
      var length = isDone ? Int32(work.count) : -1
      decompose(
        "S", &m, &n, &matrix, &lead, &found, &right.values, &lead, &left.values, &k, &work, &length, &positions, &info)
      guard info == 0 else { return nil }
      if !isDone { work = Array(repeating: 0, count: max(1, Int(work[0]))) }
    }
    return Decomposition(left: left, values: found, right: right)
  }
}
