/// A dense matrix of doubles, row-major, with the products and decompositions that alignments take.
///
/// Products and decompositions are OpenBLAS's: call `OpenBLAS.require` before the first of them.
package struct Matrix: Sendable, Equatable {
  package let rows: Int
  package let columns: Int
  package var values: [Double]

  /// - Parameters:
  ///   - rows: how many.
  ///   - columns: likewise.
  ///   - values: row-major, rows x columns numbers.
  package init(rows: Int, columns: Int, _ values: [Double]) {
    precondition(values.count == rows * columns, "\(values.count) numbers for \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  package init(zeros rows: Int, _ columns: Int) {
    self.init(rows: rows, columns: columns, Array(repeating: 0, count: rows * columns))
  }

  package static func identity(_ size: Int) -> Matrix {
    var matrix = Matrix(zeros: size, size)
    for place in 0..<size { matrix[place, place] = 1 }
    return matrix
  }

  package subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  package func row(_ row: Int) -> ArraySlice<Double> { values[row * columns..<(row + 1) * columns] }

  package var transposed: Matrix {
    var turned = Matrix(zeros: columns, rows)
    for row in 0..<rows {
      for column in 0..<columns { turned.values[column * rows + row] = values[row * columns + column] }
    }
    return turned
  }

  /// Some rows, in the order given.
  package func rows(_ chosen: some Collection<Int>) -> Matrix {
    var numbers: [Double] = []
    numbers.reserveCapacity(chosen.count * columns)
    for place in chosen { numbers += row(place) }
    return Matrix(rows: chosen.count, columns: columns, numbers)
  }

  package func columns(_ chosen: some Collection<Int>) -> Matrix {
    var numbers: [Double] = []
    numbers.reserveCapacity(rows * chosen.count)
    for row in 0..<rows { for column in chosen { numbers.append(values[row * columns + column]) } }
    return Matrix(rows: rows, columns: chosen.count, numbers)
  }

  package func scalingRows(by factors: [Double]) -> Matrix {
    var scaled = self
    for row in 0..<rows { for column in 0..<columns { scaled.values[row * columns + column] *= factors[row] } }
    return scaled
  }

  package func scalingColumns(by factors: [Double]) -> Matrix {
    var scaled = self
    for row in 0..<rows { for column in 0..<columns { scaled.values[row * columns + column] *= factors[column] } }
    return scaled
  }

  /// The matrices below each other.
  package func above(_ other: Matrix) -> Matrix {
    precondition(columns == other.columns)
    return Matrix(rows: rows + other.rows, columns: columns, values + other.values)
  }

  package func adding(_ other: Matrix) -> Matrix {
    precondition(rows == other.rows && columns == other.columns)
    return Matrix(rows: rows, columns: columns, zip(values, other.values).map { $0 + $1 })
  }

  package func scaled(by factor: Double) -> Matrix {
    Matrix(rows: rows, columns: columns, values.map { $0 * factor })
  }

  /// Lengths of the rows.
  package var rowLengths: [Double] { (0..<rows).map { row($0).reduce(0) { $0 + $1 * $1 }.squareRoot() } }

  /// Frobenius norm.
  package var length: Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Every row scaled to length 1; rows of zeros stay.
  package var withUnitRows: Matrix { scalingRows(by: rowLengths.map { $0 > 0 ? 1 / $0 : 0 }) }

  /// Sum of the products of numbers in the same place.
  package func inner(_ other: Matrix) -> Double {
    precondition(values.count == other.values.count)
    return zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Squared distance from another matrix over that one's energy; infinite where that has none.
  package func distance(from other: Matrix) -> Double {
    precondition(values.count == other.values.count)
    let energy = other.inner(other)
    let apart = zip(values, other.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return energy > 0 ? apart / energy : apart > 0 ? .infinity : 0
  }

  /// Cosine of two matrices, taken as vectors; 0 where one of them is 0.
  package func cosine(_ other: Matrix) -> Double {
    let scale = length * other.length
    return scale > 0 ? inner(other) / scale : 0
  }
}
