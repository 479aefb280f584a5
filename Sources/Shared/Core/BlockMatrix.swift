/// A square matrix whose known entries lie in blocks: between indices of one block everything is known, between others
/// nothing, which is NaN. Takes the memory of its blocks.
///
/// An index belongs to one of the blocks that have it. Others may have it as a guest: then they know the entries between
/// their own indices and their guests, and nothing that holds between two guests.
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
  /// Per block with guests: where each of them is.
  private let guests: [Int32: [Int: Int]]

  /// - Parameters:
  ///   - n: rows, and columns.
  ///   - homes: per index the number of the block that it belongs to; nil: the first that has it.
  package init(_ n: Int, blocks: [Block], homes: [Int?]? = nil) {
    var places = Array(repeating: (block: Int32(-1), place: Int32(0)), count: n)
    var guests: [Int32: [Int: Int]] = [:]
    for (number, block) in blocks.enumerated() {
      for (place, index) in block.members.enumerated() {
        if places[index].block < 0, homes == nil || homes?[index] == number {
          places[index] = (Int32(number), Int32(place))
        } else {
          guests[Int32(number), default: [:]][index] = place
        }
      }
    }
    self.n = n
    self.blocks = blocks
    self.places = places
    self.guests = guests
  }

  /// All of a matrix.
  package init(_ matrix: SquareMatrix) {
    self.init(matrix.n, blocks: [Block(members: Array(0..<matrix.n), matrix: matrix)])
  }

  package subscript(i: Int, j: Int) -> Double {
    let (row, column) = (places[i], places[j])
    guard row.block >= 0, row.block == column.block else { return guest(i, j) }
    return blocks[Int(row.block)].matrix[Int(row.place), Int(column.place)]
  }

  /// An entry between an index of a block and a guest there; where either is the other's guest, that of the column's block.
  private func guest(_ i: Int, _ j: Int) -> Double {
    let (row, column) = (places[i], places[j])
    if let place = guests[column.block]?[i] { return blocks[Int(column.block)].matrix[place, Int(column.place)] }
    if let place = guests[row.block]?[j] { return blocks[Int(row.block)].matrix[Int(row.place), place] }
    return .nan
  }

  /// Rows and columns `members`, in that order.
  package func submatrix(_ members: [Int]) -> SquareMatrix {
    var part = SquareMatrix(members.count)
    for (a, i) in members.enumerated() { for (b, j) in members.enumerated() { part[a, b] = self[i, j] } }
    return part
  }

  /// Calls `body` for every known entry, row by row of each block.
  package func forEach(_ body: (_ i: Int, _ j: Int, _ value: Double) -> Void) {
    for (number, block) in blocks.enumerated() {
      for (a, i) in block.members.enumerated() {
        let isOwn = places[i].block == number
        for (b, j) in block.members.enumerated() {
          // Where each is the other's guest, the entry is that of the column's block.
          guard places[j].block == number || isOwn && guests[places[j].block]?[i] == nil else { continue }
          body(i, j, block.matrix[a, b])
        }
      }
    }
  }
}
