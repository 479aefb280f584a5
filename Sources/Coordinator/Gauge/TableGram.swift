internal import Checkpoints
internal import Core
internal import Spectra
internal import Storage
internal import System

/// The inner products of some rows that models share, which no basis of the residual stream changes: what tells before any
/// alignment which models could be one in different coordinates.
struct TableGram {
  /// Without its mean, of length 1.
  private let values: [Double]

  private static let rows = 192

  /// - Returns: nil for a model without such rows.
  init?(_ weights: NetworkWeights) throws(Failure) {
    var all = Matrix(zeros: 0, weights.layout.width)
    for (number, place) in weights.layout.places.enumerated() where place.role == .table {
      let shape = weights.model.tensors[number].shape
      // The first ones, which longer vocabularies have, too.
      let count = min(shape.elements / weights.layout.width, Self.rows)
      all = all.above(try weights.rows(number, Array(0..<count)))
    }
    if let patches = try weights.patches() { all = all.above(patches) }
    guard all.rows > 2 else { return nil }
    let unit = all.withUnitRows
    let products = unit.timesTransposed(unit)
    var numbers: [Double] = []
    for row in 0..<products.rows {
      numbers += products.row(row)[(row * products.columns)..<(row * products.columns + row)]
    }
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    numbers = numbers.map { $0 - mean }
    let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 0, length.isFinite else { return nil }
    values = numbers.map { $0 / length }
  }

  func likeness(_ other: TableGram) -> Double {
    values.count == other.values.count ? zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 } : 0
  }
}
