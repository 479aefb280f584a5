internal import CKernels
package import Core

/// Singular values of small matrices: eigenvalues of the smaller Gram matrix, in double.
///
/// A value below about 1e-8 of the largest one is noise; sums of squares are right to 1e-12 of the
/// whole.
package enum SingularValues {
  /// Squares of the singular values of matrices of one shape, ascending for each; NaN where a matrix is
  /// not finite.
  ///
  /// - Parameter values: row-major, `shape.count` numbers per matrix.
  package static func squares(_ values: [Float], shape: SampleShape) -> [Double] {
    squares(values, shape: shape, mt_squares_f32)
  }

  /// The same of doubles.
  package static func squares(_ values: [Double], shape: SampleShape) -> [Double] {
    squares(values, shape: shape, mt_squares_f64)
  }

  private static func squares<Weight>(
    _ values: [Weight], shape: SampleShape,
    _ kernel: (UnsafePointer<Weight>, Int, Int32, Int32, UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    guard shape.count > 0 else { return [] }
    let matrices = values.count / shape.count
    var squares = Array(repeating: 0.0, count: matrices * min(shape.rows, shape.columns))
    kernel(values, matrices, Int32(shape.rows), Int32(shape.columns), &squares)
    return squares
  }
}
