/// A square matrix whose known entries lie in blocks: between indices of one block everything is known, between others
/// nothing, which is NaN. Takes the memory of its blocks.
package struct BlockMatrix: Sendable {
  package struct Block: Sendable {
    /// Its indices, in the order of its rows and columns.
    package let members: [Int]
    package let matrix: SquareMatrix

    package init(members: [Int], matrix: SquareMatrix) {
      precondition(members.count == matrix.n, "\(members.count) members of a block of \(matrix.n)")
      self.members = members
      self.matrix = matrix
    }
  }

  package let n: Int
  package let blocks: [Block]
  /// Per index its block and the place there; negative: none.
  private let places: [(block: Int32, place: Int32)]

  /// - Parameters:
  ///   - n: rows, and columns.
  ///   - blocks: without an index in common.
  package init(_ n: Int, blocks: [Block]) {
    var places = Array(repeating: (block: Int32(-1), place: Int32(0)), count: n)
    for (number, block) in blocks.enumerated() {
      for (place, index) in block.members.enumerated() { places[index] = (Int32(number), Int32(place)) }
    }
    self.n = n
    self.blocks = blocks
    self.places = places
  }

  /// All of a matrix.
  package init(_ matrix: SquareMatrix) {
    self.init(matrix.n, blocks: [Block(members: Array(0..<matrix.n), matrix: matrix)])
  }

  package subscript(i: Int, j: Int) -> Double {
    let (row, column) = (places[i], places[j])
    guard row.block >= 0, row.block == column.block else { return .nan }
    return blocks[Int(row.block)].matrix[Int(row.place), Int(column.place)]
  }

  /// Rows and columns `members`, in that order.
  package func submatrix(_ members: [Int]) -> SquareMatrix {
    var part = SquareMatrix(members.count)
    for (a, i) in members.enumerated() { for (b, j) in members.enumerated() { part[a, b] = self[i, j] } }
    return part
  }

  /// Calls `body` for every known entry, row by row of each block.
  package func forEach(_ body: (_ i: Int, _ j: Int, _ value: Double) -> Void) {
    for block in blocks {
      for (a, i) in block.members.enumerated() {
        for (b, j) in block.members.enumerated() { body(i, j, block.matrix[a, b]) }
      }
    }
  }
}
