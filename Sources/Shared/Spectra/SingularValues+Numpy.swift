package import Core

extension SingularValues {
  /// Singular values in single precision, descending, by the LAPACK routine that numpy calls, on the
  /// matrix as numpy passes it.
  ///
  /// - Parameter values: row-major, `shape.count` numbers.
  /// - Returns: nil where the matrix is not finite, or OpenBLAS could not be loaded.
  package static func likeNumpy(_ values: [Float], shape: SampleShape) -> [Float]? {
    guard values.allSatisfy(\.isFinite) else { return nil }
    let count = min(shape.rows, shape.columns)
    guard count > 0 else { return [] }
    // `OpenBLAS.require` has reported that long before.
    guard let decompose = OpenBLAS.routines?.singularValues else { return nil }
    var matrix = Array(repeating: Float(0), count: shape.count)
    for row in 0..<shape.rows {
      for column in 0..<shape.columns { matrix[column * shape.rows + row] = values[row * shape.columns + column] }
    }
    var found = Array(repeating: Float(0), count: count)
    var positions = Array(repeating: Int32(0), count: 8 * count)
    var (m, n, lead, info) = (Int32(shape.rows), Int32(shape.columns), Int32(shape.rows), Int32(0))
    // Singular vectors are not wanted.
    var (u, v, uLead, vLead) = (Float(0), Float(0), Int32(1), Int32(1))
    // Called with a length of -1, it returns the best length of the work space.
    var work = [Float(0)]
    for isDone in [false, true] {
      var length = isDone ? Int32(work.count) : -1
      decompose(
        "N", &m, &n, &matrix, &lead, &found, &u, &uLead, &v, &vLead, &work, &length, &positions, &info)
      guard info == 0 else { return nil }
      if !isDone { work = Array(repeating: 0, count: max(1, Int(work[0]))) }
    }
    return found
  }
}
