/// A dense n x n matrix of doubles, row-major.
public struct SquareMatrix: Sendable, Equatable {
  public let n: Int
  public var values: [Double]

  public init(_ n: Int, filledWith value: Double = 0) {
    self.n = n
    values = Array(repeating: value, count: n * n)
  }

  public init(_ n: Int, values: [Double]) {
    precondition(values.count == n * n, "\(values.count) values for \(n) x \(n)")
    self.n = n
    self.values = values
  }

  @inlinable
  public subscript(i: Int, j: Int) -> Double {
    get { values[i * n + j] }
    set { values[i * n + j] = newValue }
  }

  /// Sets (i, j) and (j, i).
  @inlinable
  public mutating func setBoth(_ i: Int, _ j: Int, _ value: Double) {
    values[i * n + j] = value
    values[j * n + i] = value
  }

  /// Rows and columns `members`, in that order.
  public func submatrix(_ members: [Int]) -> SquareMatrix {
    var part = SquareMatrix(members.count)
    for (a, i) in members.enumerated() {
      for (b, j) in members.enumerated() { part[a, b] = self[i, j] }
    }
    return part
  }
}
