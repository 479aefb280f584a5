package import Core
package import Encodings

/// An array of numbers as it lies in a file: blocks of one encoding, row-major.
package struct StoredArray: Sendable, Hashable {
  package var encoding: Encoding
  package var shape: TensorShape
  /// The original file, or the store itself.
  package var file: String
  /// Of the first block, in bytes.
  package var offset: Int
  /// What `encoding.companions` names, in that order.
  package var companions: [Companion]

  package init(
    encoding: Encoding, shape: TensorShape, file: String, offset: Int, companions: [Companion] = []
  ) {
    self.encoding = encoding
    self.shape = shape
    self.file = file
    self.offset = offset
    self.companions = companions
  }

  /// The outermost extent; 1 for a scalar.
  package var rows: Int { shape.extents.first ?? 1 }

  /// What a row holds: all other extents together.
  package var columns: Int { rows == 0 ? 0 : shape.elements / rows }

  /// Without companions; `Int.max` when that is more than can be counted.
  package var bytes: Int { encoding.bytes(of: shape.elements) ?? .max }

  /// With all of its companions; `Int.max` when that is more than can be counted.
  package var bytesWithCompanions: Int {
    companions.reduce(bytes) { sum, companion in
      let (total, isTooLarge) = sum.addingReportingOverflow(companion.array.bytesWithCompanions)
      return isTooLarge ? .max : total
    }
  }

  /// Itself and all of its companions.
  package var all: [StoredArray] { [self] + companions.flatMap(\.array.all) }

  /// Companions of companions: blocks of scales that were themselves rounded.
  static let deepest = 2

  /// Can it be where it says that it is?
  var isPossible: Bool { isPossible(depth: 0) }

  private func isPossible(depth: Int) -> Bool {
    guard depth <= Self.deepest, offset >= 0, let bytes = encoding.bytes(of: shape.elements),
      bytes <= Int.max - offset, companions.count == encoding.companions.count
    else { return false }
    if isReadByRows, columns % encoding.blockElements != 0 { return false }
    return zip(encoding.companions, companions).allSatisfy { asked, companion in
      companion.array.isPossible(depth: depth + 1) && fits(companion, asked.use)
    }
  }

  private func fits(_ companion: Companion, _ use: Encoding.Companion.Use) -> Bool {
    switch use {
    case .table(let count): return companion.array.shape.elements == count
    case .rowIndex:
      // A row of the array holds as many rows of the matrix as its tiles are wide.
      guard let tile = companions.first?.tile, tile.columns > 0 else { return false }
      return companion.array.shape.elements == rows * tile.columns && columns % tile.columns == 0
    case .tiles:
      let tile = companion.tile
      guard tile.rows >= 0, tile.columns > 0 else { return false }
      guard !tile.isFlat else { return companion.array.shape.elements == (shape.elements - 1) / tile.columns + 1 }
      let isIndexed = encoding.companions.contains { $0.use == .rowIndex }
      guard !companion.isTransposed else {
        return !isIndexed && tile.rows > 0 && companion.array.rows == (columns - 1) / tile.columns + 1
          && companion.array.columns == (rows - 1) / tile.rows + 1
      }
      return companion.array.columns == (columns - 1) / tile.columns + 1
        && (isIndexed ? companion.array.rows > 0 : companion.array.rows == (rows - 1) / tile.rows + 1)
    }
  }
}

extension StoredArray {
  /// An array that another one needs to be decoded, and which of its numbers belongs to what.
  package struct Companion: Sendable, Hashable {
    package var array: StoredArray
    /// Rows and columns of the other array that one of its numbers stands for; of tables without meaning.
    package var tile: EncodedBlocks.Tile
    /// Added to each of its numbers.
    package var addend: Float
    /// It has a row for each column of tiles, and a column for each row of them.
    package var isTransposed: Bool

    package init(_ array: StoredArray, tile: EncodedBlocks.Tile, addend: Float = 0, isTransposed: Bool = false) {
      self.array = array
      self.tile = tile
      self.addend = addend
      self.isTransposed = isTransposed
    }

    /// A table.
    package init(table array: StoredArray) {
      self.init(array, tile: EncodedBlocks.Tile(rows: 1, columns: 1))
    }
  }
}
