internal import CKernels

/// Consecutive whole blocks of an array, and what else it takes to decode them.
package struct EncodedBlocks {
  /// The numbers of a companion that these blocks need.
  package struct Companion {
    package let numbers: UnsafePointer<Float>
    /// Place of the first of these numbers in the companion, row-major.
    package let first: Int
    /// Numbers of a row of the companion.
    package let columns: Int
    /// Rows and columns of the array that one number stands for; the tiles at the edges may be cut off.
    package let tile: Tile

    package init(numbers: UnsafePointer<Float>, first: Int = 0, columns: Int, tile: Tile) {
      self.numbers = numbers
      self.first = first
      self.columns = columns
      self.tile = tile
    }
  }

  /// A rectangle of numbers of an array, or where `rows` is 0, as many consecutive ones as it has columns, whatever rows
  /// they are in.
  package struct Tile: Sendable, Hashable {
    package var rows: Int
    package var columns: Int

    package var isFlat: Bool { rows == 0 }

    package init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
    }
  }

  /// Needs no alignment. Of an encoding with several planes, the part that the first plane holds, then that of the
  /// second and so on.
  package let bytes: UnsafeRawPointer
  package let count: Int
  /// Number of the first of these blocks in its array.
  package let first: Int
  /// Numbers that the array has of these blocks: all but for the last block of an array, which may not be full.
  package let elements: Int
  /// Columns of the array as a matrix: encodings whose scales belong to tiles need them.
  package let columns: Int
  /// In the order of `Encoding.companions`.
  package let companions: [Companion]

  /// - Parameters:
  ///   - bytes: where the first of these blocks begins.
  ///   - count: how many blocks.
  ///   - first: number of the first of them in its array.
  ///   - elements: numbers that the array has of these blocks; nil: without any companion, nobody asks.
  ///   - columns: of the array as a matrix.
  ///   - companions: in the order of `Encoding.companions`.
  package init(
    bytes: UnsafeRawPointer, count: Int, first: Int = 0, elements: Int? = nil, columns: Int = 1,
    companions: [Companion] = []
  ) {
    self.bytes = bytes
    self.elements = elements ?? count
    self.count = count
    self.first = first
    self.columns = columns
    self.companions = companions
  }

  /// Makes decoded codes numbers: (code - zero) * scale + bias, each of its tile.
  ///
  /// - Parameters:
  ///   - numbers: of the blocks.
  ///   - size: numbers of a block.
  ///   - scale: place of the scales among the companions; `zero` and `bias` of the others, nil where there are none.
  ///     They belong to the same tiles as the scales.
  func scale(
    _ numbers: UnsafeMutablePointer<Float>, blocksOf size: Int, by scale: Int, zero: Int? = nil, bias: Int? = nil
  ) {
    let scales = companions[scale]
    let zeros = zero.map { companions[$0].numbers - companions[$0].first }
    let biases = bias.map { companions[$0].numbers - companions[$0].first }
    // As if all of the companion were there.
    let all = scales.numbers - scales.first
    let tile = scales.tile
    let (start, end) = (first * size, first * size + elements)
    func apply(_ from: Int, _ place: Int, groups: Int, of width: Int) {
      mt_affine(
        numbers + (from - start), groups, width, all + place, zeros.map { $0 + place }, biases.map { $0 + place })
    }
    var place = start
    while place < end {
      let (row, column) = place.quotientAndRemainder(dividingBy: columns)
      let isFlat = tile.isFlat || tile.rows == 1 && columns % tile.columns == 0
      // Tiles of one row that divide it lie one after the other in the whole array.
      let stop = isFlat ? end : min(end, (row + 1) * columns)
      let rowStart = isFlat ? 0 : row * columns
      let first = isFlat ? 0 : row / tile.rows * scales.columns
      var at = isFlat ? place : column
      let last = stop - rowStart
      if tile.columns == 1 {
        mt_affine_each(
          numbers + (place - start), last - at, all + (first + at), zeros.map { $0 + (first + at) },
          biases.map { $0 + (first + at) })
        at = last
      }
      while at < last {
        let (number, inside) = at.quotientAndRemainder(dividingBy: tile.columns)
        let whole = inside == 0 ? (last - at) / tile.columns : 0
        let width = whole > 0 ? tile.columns : min(tile.columns - inside, last - at)
        apply(rowStart + at, first + number, groups: max(1, whole), of: width)
        at += max(1, whole) * width
      }
      place = stop
    }
  }
}
