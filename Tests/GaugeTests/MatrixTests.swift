import Spectra
import TestPrograms
import TestSeed
import Testing

struct MatrixTests {
  private func random(_ rows: Int, _ columns: Int, _ random: inout Seeded) -> Matrix {
    Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in random.normal() })
  }

  private func plainProduct(_ a: Matrix, _ b: Matrix) -> Matrix {
    var product = Matrix(zeros: a.rows, b.columns)
    for i in 0..<a.rows {
      for j in 0..<b.columns { product[i, j] = (0..<a.columns).reduce(0) { $0 + a[i, $1] * b[$1, j] } }
    }
    return product
  }

  private func isNear(_ a: Matrix, _ b: Matrix) -> Bool {
    a.rows == b.rows && a.columns == b.columns && zip(a.values, b.values).allSatisfy { abs($0 - $1) < 1e-9 }
  }

  @Test func productsAreThoseOfPlainLoops() throws {
    try OpenBLAS.require()
    var seeded = Seeded.fresh()
    for (m, k, n) in [(1, 1, 1), (3, 5, 2), (8, 4, 9), (17, 1, 6)] {
      let (a, b) = (random(m, k, &seeded), random(k, n, &seeded))
      let expected = plainProduct(a, b)
      #expect(isNear(a.times(b), expected))
      #expect(isNear(a.transposed.transposedTimes(b), expected))
      #expect(isNear(a.timesTransposed(b.transposed), expected))
    }
    #expect(Matrix(zeros: 0, 3).transposedTimes(Matrix(zeros: 0, 2)) == Matrix(zeros: 3, 2))
  }

  @Test func numpyFindsTheSameOrthogonalMatrices() throws {
    try OpenBLAS.require()
    var seeded = Seeded.fresh()
    let matrices = [1, 2, 5, 16].map { random($0, $0, &seeded) }
    let question = matrices.map { matrix in (0..<matrix.rows).map { Array(matrix.row($0)) } }
    let expected = try Oracle.ask("orthogonal.py", question, [[[Double]]].self)
    for (matrix, rows) in zip(matrices, expected) {
      let found = try #require(matrix.nearestOrthogonal)
      #expect(isNear(found, Matrix(rows: matrix.rows, columns: matrix.rows, rows.flatMap(\.self))))
      #expect(isNear(found.timesTransposed(found), .identity(matrix.rows)))
    }
    #expect(Matrix(rows: 1, columns: 1, [.nan]).nearestOrthogonal == nil)
  }

  @Test func anInverseUndoesItsMatrix() throws {
    try OpenBLAS.require()
    var seeded = Seeded.fresh()
    for size in [1, 2, 7, 20] {
      let matrix = random(size, size, &seeded).adding(Matrix.identity(size).scaled(by: 3 * Double(size).squareRoot()))
      let inverse = try #require(matrix.inverse)
      #expect(isNear(matrix.times(inverse), .identity(size)))
    }
    #expect(Matrix(rows: 2, columns: 2, [1, 2, 2, 4]).inverse == nil)
  }
}
