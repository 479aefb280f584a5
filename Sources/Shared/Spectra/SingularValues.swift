internal import COpenBLAS
public import Core

/// Singular values of small matrices: eigenvalues of the smaller Gram matrix, in double.
///
/// A value below about 1e-8 of the largest one is noise; sums of squares are right to 1e-12 of the
/// whole.
public enum SingularValues {
  /// The blocks are small, and callers have threads of their own: OpenBLAS's would get in the way.
  private static let single: Void = openblas_set_num_threads(1)

  static func alone() { _ = single }

  /// Squares of the singular values, ascending; NaN where the matrix is not finite.
  ///
  /// - Parameter values: row-major, `shape.count` numbers; used as work space.
  public static func squares(_ values: inout [Double], shape: SampleShape) -> [Double] {
    alone()
    let n = min(shape.rows, shape.columns)
    let inner = max(shape.rows, shape.columns)
    guard n > 0 else { return [] }
    var gram = Array(repeating: 0.0, count: n * n)
    let byRows = shape.rows <= shape.columns
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, byRows ? CblasNoTrans : CblasTrans, Int32(n), Int32(inner), 1, &values,
      Int32(shape.columns), 0, &gram, Int32(n))
    // Row-major upper is column-major lower.
    for i in 0..<n { for j in 0..<i { gram[i * n + j] = gram[j * n + i] } }
    var squares = Array(repeating: 0.0, count: n)
    var work = Array(repeating: 0.0, count: 2 * n + 1)
    guard gram.allSatisfy(\.isFinite), cblas_shim_eigenvalues(Int32(n), &gram, &squares, &work) == 0 else {
      return squares.map { _ in .nan }
    }
    return squares.map { max(0, $0) }
  }
}
