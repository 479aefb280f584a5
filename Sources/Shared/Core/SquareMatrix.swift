/// A dense n x n matrix of doubles, row-major.
package struct SquareMatrix: Sendable, Equatable {
  package let n: Int
  package var values: [Double]

  package init(_ n: Int, filledWith value: Double = 0) {
    self.n = n
    values = Array(repeating: value, count: n * n)
  }

  package init(_ n: Int, values: [Double]) {
    precondition(values.count == n * n, "\(values.count) values for \(n) x \(n)")
    self.n = n
    self.values = values
  }

  @inlinable
  package subscript(i: Int, j: Int) -> Double {
    get { values[i * n + j] }
    set { values[i * n + j] = newValue }
  }

  /// Sets (i, j) and (j, i).
  @inlinable
  package mutating func setBoth(_ i: Int, _ j: Int, _ value: Double) {
    values[i * n + j] = value
    values[j * n + i] = value
  }

  /// Rows and columns `members`, in that order.
  package func submatrix(_ members: [Int]) -> SquareMatrix {
    var part = SquareMatrix(members.count)
    for (a, i) in members.enumerated() {
      for (b, j) in members.enumerated() { part[a, b] = self[i, j] }
    }
    return part
  }
}
