internal import COpenBLAS
internal import Core
internal import Spectra

extension SingularValues {
  /// The matrices are small, and callers have threads of their own: OpenBLAS's would get in the way.
  private static let alone: Void = openblas_set_num_threads(1)

  /// Singular values in single precision, descending, by the LAPACK routine that numpy calls, on the
  /// matrix as numpy hands it over; nil where it is not finite.
  ///
  /// - Parameter values: row-major, `shape.count` numbers.
  static func likeNumpy(_ values: [Float], shape: SampleShape) -> [Float]? {
    _ = alone
    let (m, n) = (shape.rows, shape.columns)
    let count = min(m, n)
    guard count > 0 else { return [] }
    guard values.allSatisfy(\.isFinite) else { return nil }
    var matrix = Array(repeating: Float(0), count: shape.count)
    for row in 0..<m { for column in 0..<n { matrix[column * m + row] = values[row * n + column] } }
    var found = Array(repeating: Float(0), count: count)
    var positions = Array(repeating: Int32(0), count: 8 * count)
    var length = Float(0)
    guard
      cblas_shim_singular_values(Int32(m), Int32(n), &matrix, &found, &length, -1, &positions) == 0
    else { return nil }
    var work = Array(repeating: Float(0), count: max(1, Int(length)))
    guard
      cblas_shim_singular_values(
        Int32(m), Int32(n), &matrix, &found, &work, Int32(work.count), &positions) == 0
    else { return nil }
    return found
  }
}
