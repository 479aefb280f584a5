internal import Core
internal import Encodings
internal import System

/// Reads what arrays need of their companions to be decoded: never more than the part that belongs to the numbers that
/// are asked for, and not again what the last call has read.
final class CompanionReader {
  /// Consecutive numbers of a companion.
  private struct Held {
    var array: StoredArray
    var range: Range<Int>
    var numbers: [Float]
  }

  /// By place among the companions.
  private var held: [Held?] = []
  /// Rows of companions that are looked up by an index: by place among the companions and row.
  private var rows: [Row: Held] = [:]
  private var heldRowNumbers = 0
  /// As many as fit the decoder's buffers.
  private let mostRowNumbers: Int
  private let decoder: BlockDecoder
  /// What the last call returned.
  private var lent: [UnsafeMutablePointer<Float>] = []

  private struct Row: Hashable {
    var companion: Int
    var row: Int
  }

  init(bufferBytes: Int) {
    decoder = BlockDecoder(bufferBytes: min(bufferBytes, 1 << 16))
    mostRowNumbers = bufferBytes / MemoryLayout<Float>.stride
  }

  deinit { lent.forEach { $0.deallocate() } }

  /// - Parameter range: of the array's numbers, within one row where `array.isReadByRows`.
  /// - Returns: one for each companion, valid until the next call; nil when the reading was cancelled.
  func numbers(
    of array: StoredArray, _ range: Range<Int>, _ reading: SegmentReader.Read
  ) throws(Failure) -> [EncodedBlocks.Companion]? {
    if held.count < array.companions.count { held += Array(repeating: nil, count: array.companions.count - held.count) }
    lent.forEach { $0.deallocate() }
    lent = []
    if let index = array.encoding.companions.firstIndex(where: { $0.use == .rowIndex }) {
      return try lookedUp(array, range, index, reading)
    }
    var found: [EncodedBlocks.Companion] = []
    for (place, companion) in array.companions.enumerated() {
      let needed: Range<Int>
      if case .table(let count) = array.encoding.companions[place].use {
        needed = 0..<count
      } else {
        needed = companion.range(for: range, columns: array.columns)
      }
      guard let own = try read(companion, place, needed, reading) else { return nil }
      found.append(
        EncodedBlocks.Companion(
          numbers: lend(own.numbers), first: own.range.lowerBound, columns: companion.tileColumns,
          tile: companion.tile))
    }
    return found
  }

  private func read(
    _ companion: StoredArray.Companion, _ place: Int, _ range: Range<Int>, _ reading: SegmentReader.Read
  ) throws(Failure) -> Held? {
    if let known = held[place], known.array == companion.array, known.range.lowerBound <= range.lowerBound,
      range.upperBound <= known.range.upperBound
    {
      return known
    }
    held[place] = nil
    let found = companion.isTransposed ? try turned(companion, range, reading) : try decoded(companion, range, reading)
    guard let numbers = found else { return nil }
    let new = Held(array: companion.array, range: range, numbers: numbers)
    held[place] = new
    return new
  }

  private func decoded(
    _ companion: StoredArray.Companion, _ range: Range<Int>, _ reading: SegmentReader.Read
  ) throws(Failure) -> [Float]? {
    let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1, range.count))
    defer { numbers.deallocate() }
    guard let start = numbers.baseAddress, try decoder.read(companion.array, range, as: .f32, into: start, reading)
    else { return nil }
    return numbers.prefix(range.count).map { $0 + companion.addend }
  }

  /// Numbers of a companion that is stored transposed, in the order of the tiles.
  ///
  /// - Parameter range: whole rows of tiles.
  private func turned(
    _ companion: StoredArray.Companion, _ range: Range<Int>, _ reading: SegmentReader.Read
  ) throws(Failure) -> [Float]? {
    let columns = companion.tileColumns
    let (first, count) = (range.lowerBound / columns, range.count / columns)
    var numbers = [Float](repeating: 0, count: range.count)
    for column in 0..<columns {
      let start = column * companion.array.columns + first
      guard let own = try decoded(companion, start..<start + count, reading) else { return nil }
      for (row, number) in own.enumerated() { numbers[row * columns + column] = number }
    }
    return numbers
  }

  private func lend(_ numbers: [Float]) -> UnsafePointer<Float> {
    let copy = lend(numbers.count)
    for (place, number) in numbers.enumerated() { copy[place] = number }
    return UnsafePointer(copy)
  }

  private func lend(_ count: Int) -> UnsafeMutablePointer<Float> {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(1, count))
    lent.append(memory)
    return memory
  }

  /// For each number of a part of a row, the numbers of the rows that the index names.
  private func lookedUp(
    _ array: StoredArray, _ range: Range<Int>, _ index: Int, _ reading: SegmentReader.Read
  ) throws(Failure) -> [EncodedBlocks.Companion]? {
    let width = array.companions[0].tile.columns
    let (row, start) = range.lowerBound.quotientAndRemainder(dividingBy: array.columns)
    let outputs = start / width..<(start + range.count - 1) / width + 1
    guard let groups = try read(array.companions[index], index, row * width..<(row + 1) * width, reading) else {
      return nil
    }
    let first = row * width - groups.range.lowerBound
    let asked = groups.numbers[first..<first + width].map { Int(exactly: $0) ?? -1 }
    var found: [EncodedBlocks.Companion] = []
    for (place, companion) in array.companions.enumerated() {
      guard place != index else {
        found.append(found[0])
        continue
      }
      let numbers = lend(outputs.count * width)
      for (k, group) in asked.enumerated() {
        guard 0..<companion.array.rows ~= group else {
          throw .badInput(
            "'\(array.companions[index].array.file.printable)' assigns an input to group \(group) of \(companion.array.rows)",
            advice: "the file is damaged; download it again")
        }
        guard let own = try rowNumbers(group, outputs, companion, place, reading) else { return nil }
        for (output, number) in own.enumerated() { numbers[output * width + k] = number }
      }
      found.append(
        EncodedBlocks.Companion(
          numbers: UnsafePointer(numbers), first: row * array.columns + outputs.lowerBound * width,
          columns: array.columns, tile: EncodedBlocks.Tile(rows: 1, columns: 1)))
    }
    return found
  }

  private func rowNumbers(
    _ row: Int, _ columns: Range<Int>, _ companion: StoredArray.Companion, _ place: Int,
    _ reading: SegmentReader.Read
  ) throws(Failure) -> [Float]? {
    let start = row * companion.array.columns
    let range = start + columns.lowerBound..<start + columns.upperBound
    let key = Row(companion: place, row: row)
    if let known = rows[key], known.range == range, known.array == companion.array { return known.numbers }
    guard let numbers = try decoded(companion, range, reading) else { return nil }
    if heldRowNumbers > mostRowNumbers {
      rows.removeAll(keepingCapacity: true)
      heldRowNumbers = 0
    }
    rows[key] = Held(array: companion.array, range: range, numbers: numbers)
    heldRowNumbers += numbers.count
    return numbers
  }
}

extension StoredArray {
  /// Must what is read at a time lie in one row of it?
  var isReadByRows: Bool {
    encoding.planes > 1 || encoding.companions.contains { $0.use == .rowIndex }
  }
}

extension StoredArray {
  /// Do rows of it share numbers of a companion that has one for each column?
  var hasSharedColumns: Bool { companions.contains { $0.tile.rows > 1 && $0.tile.columns == 1 } }
}

extension StoredArray.Companion {
  /// Tiles of a row of them.
  fileprivate var tileColumns: Int { isTransposed ? array.rows : array.columns }

  /// Its numbers that belong to some consecutive numbers of the array, row-major.
  ///
  /// - Parameter columns: of the array.
  fileprivate func range(for range: Range<Int>, columns: Int) -> Range<Int> {
    guard !tile.isFlat else {
      return range.lowerBound / tile.columns..<(range.upperBound - 1) / tile.columns + 1
    }
    let (firstRow, firstColumn) = range.lowerBound.quotientAndRemainder(dividingBy: columns)
    let (lastRow, lastColumn) = (range.upperBound - 1).quotientAndRemainder(dividingBy: columns)
    let (first, last) = (firstRow / tile.rows * tileColumns, lastRow / tile.rows * tileColumns)
    // Several rows of the array may belong to one row of tiles.
    guard !isTransposed, firstRow == lastRow || tile.rows == 1 else { return first..<last + tileColumns }
    return first + firstColumn / tile.columns..<last + lastColumn / tile.columns + 1
  }
}
