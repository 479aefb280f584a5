internal import Spectra

/// Rows of a model, in its own coordinates, and the same rows of one or several others, in theirs.
struct RowsBeside {
  let own: Matrix
  /// As many rows each.
  var others: [Matrix]

  init(_ own: Matrix, _ others: [Matrix]) {
    self.own = own
    self.others = others
  }

  /// The same with rows of length 1, without those that are zero.
  var directions: RowsBeside {
    let kept = own.rowLengths.enumerated().filter { $0.element > 0 }.map(\.offset)
    return RowsBeside(own.rows(kept).withUnitRows, others.map { $0.rows(kept).withUnitRows })
  }
}
