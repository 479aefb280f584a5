import Gauge
import Spectra
import TestPrograms
import TestSeed
import Testing

struct LinearAssignmentTests {
  private func nested(_ matrix: Matrix) -> [[Double]] { (0..<matrix.rows).map { Array(matrix.row($0)) } }

  private func total(_ matrix: Matrix, _ columns: [Int]) -> Double {
    columns.enumerated().reduce(0) { $0 + matrix[$1.offset, $1.element] }
  }

  /// Costs at random, costs with many ties, and costs with one good choice for each row.
  @Test func scipyFindsNothingCheaper() throws {
    var random = Seeded.fresh()
    var matrices: [Matrix] = []
    for (rows, columns) in [(1, 1), (1, 4), (2, 2), (3, 3), (5, 9), (17, 17), (30, 41), (64, 64)] {
      let size = rows * columns
      matrices.append(Matrix(rows: rows, columns: columns, (0..<size).map { _ in random.normal() }))
      matrices.append(
        Matrix(rows: rows, columns: columns, (0..<size).map { _ in Double(Int.random(in: -2...2, using: &random)) }))
      let order = Array((0..<columns).shuffled(using: &random).prefix(rows))
      var clear = Matrix(rows: rows, columns: columns, (0..<size).map { _ in 0.1 * random.normal() })
      for (row, column) in order.enumerated() { clear[row, column] -= 5 }
      #expect(LinearAssignment.least(clear) == order)
      #expect(LinearAssignment.mutualBest(clear.scaled(by: -1)) == order.map(Optional.some))
      matrices.append(clear)
    }
    let expected = try Oracle.ask("assignment.py", matrices.map(nested), [Double].self)
    for (matrix, least) in zip(matrices, expected) {
      let columns = LinearAssignment.least(matrix)
      #expect(Set(columns).count == matrix.rows, "a column was given twice")
      #expect(abs(total(matrix, columns) - least) < 1e-9)
      #expect(abs(total(matrix, LinearAssignment.greatest(matrix.scaled(by: -1))) - least) < 1e-9)
    }
  }

  @Test func pairsThatAreEachOthersBestAreFoundByBruteForce() {
    var random = Seeded.fresh()
    for _ in 0..<20 {
      let gain = Matrix(rows: 7, columns: 5, (0..<35).map { _ in random.normal() })
      let expected = (0..<7).map { row -> Int? in
        (0..<5).first { column in
          (0..<5).allSatisfy { gain[row, $0] <= gain[row, column] }
            && (0..<7).allSatisfy { gain[$0, column] <= gain[row, column] }
        }
      }
      #expect(LinearAssignment.mutualBest(gain) == expected)
    }
  }
}
