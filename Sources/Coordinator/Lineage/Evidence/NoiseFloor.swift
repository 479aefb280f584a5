internal import Core
internal import Spectra

/// The rank of a matrix under the noise of rounding: how many singular values stand out from the bulk.
///
/// Rows and columns are scaled so that the noise has the same variance everywhere, 1 by what is known of the storage
/// types; scaling leaves the rank as it is (biwhitening, Landa, Zhang and Kluger 2022). The bulk
/// of such noise ends at sigma (sqrt(rows) + sqrt(columns)) (Marchenko and Pastur 1967); sigma is taken
/// from the values that remain below (as Kritchman and Nadler 2008 do), since a
/// difference may hold one rounding or those of a path of several models.
enum NoiseFloor {
  /// The variance of half a rounding to that of eight; two are expected, one of each model.
  private static let believable = 0.25...4.0

  /// Values this much above the edge stand out from the bulk.
  private static let margin = 1.2

  /// - Parameters:
  ///   - values: of the matrix, row-major.
  ///   - stretch: by how much the matrix, if it is a sketch, may stretch the noise.
  ///   - rows: variances of the noise added up along each row; `columns` along each column.
  /// - Returns: the rank, and whether more is hidden in the noise than roundings can have left; nil where the matrix
  ///   is not finite.
  static func rank(
    _ values: [Float], shape: SampleShape, stretch: Double, rows: [Double], columns: [Double]
  ) -> (rank: Int, isHidden: Bool)? {
    let total = rows.reduce(0, +)
    func factors(_ sums: [Double], _ unit: Double) -> [Double] {
      sums.map { $0 > 0 ? (unit / $0).squareRoot() : 0 }
    }
    let (left, right) = (factors(rows, total), factors(columns, 1))
    var scaled = values
    for row in 0..<shape.rows {
      for column in 0..<shape.columns {
        let p = row * shape.columns + column
        scaled[p] = Float(Double(values[p]) * left[row] * right[column])
      }
    }
    guard let found = SingularValues.likeNumpy(scaled, shape: shape) else { return nil }
    let squares = found.map { Double($0) * Double($0) }
    var rank = 0
    while true {
      let (height, width) = (Double(shape.rows - rank), Double(shape.columns - rank))
      let variance = rank < squares.count ? squares[rank...].reduce(0, +) / (height * width) : 0
      let sigma = min(max(variance, believable.lowerBound), believable.upperBound).squareRoot()
      let edge = margin * stretch * sigma * (height.squareRoot() + width.squareRoot())
      let above = squares.prefix { $0 > edge * edge }.count
      guard above > rank else { return (rank, variance > believable.upperBound) }
      rank = above
    }
  }
}
