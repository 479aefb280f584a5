package import Core
internal import Encodings
package import System

/// Reads ranges of tensors: the one way from stored bytes to numbers.
///
/// What lies in one piece and is stored as it is wanted is read to where it goes. Everything else passes
/// through a buffer of fixed size: neighboring bytes are read together, blocks decoded, numbers put where the
/// recipe says. Each byte is read once, but for a block of an encoding that belongs to two ranges or rows.
///
/// Of a turned matrix (`Recipe.isTurned`) a range of rows is a narrow strip of every stored row. It is read
/// strip by strip: a range of many rows makes wide ones, so its caller asks for as many as memory allows.
///
/// Not thread-safe: one reader belongs to one thread.
package final class SegmentReader {
  /// Reads bytes of a file.
  ///
  /// - Returns: false when the reading was cancelled.
  package typealias Read =
    (_ file: String, _ into: UnsafeMutableRawBufferPointer, _ offset: Int) throws(Failure) -> Bool

  private static let bufferBytes = 1 << 18
  /// What a reader holds, in bytes: encoded blocks, their numbers, and numbers that are to be put in their places.
  package static let memoryBytes = 3 * bufferBytes
  /// What it holds beside that for arrays with companions.
  package static let companionBytes = 3 * bufferBytes

  private let decoder = BlockDecoder(bufferBytes: bufferBytes)
  /// Numbers that are to be put in their places, as many rows as it has room for.
  private let gathered = UnsafeMutableRawPointer.allocate(byteCount: bufferBytes, alignment: 64)

  package init() {}

  deinit { gathered.deallocate() }

  /// Reads numbers of a tensor.
  ///
  /// - Parameters:
  ///   - coordinates: flat, row-major.
  ///   - type: `tensor.elementType`, or Float.
  ///   - target: where the numbers go, side by side.
  /// - Returns: false when the reading was cancelled.
  package func read(
    _ tensor: StoredTensor, _ coordinates: Range<Int>, as type: ElementType, into target: UnsafeMutableRawPointer,
    reading: Read
  ) throws(Failure) -> Bool {
    let columns = tensor.recipe.extent.columns
    precondition(columns > 0 && coordinates.lowerBound >= 0 && coordinates.upperBound <= tensor.shape.elements)
    for (array, region) in tensor.recipe.parts(of: coordinates, columns: columns) {
      guard try read(array, region, as: type, into: target, reading) else { return false }
    }
    return true
  }

  private func read(
    _ array: StoredArray, _ region: Region, as type: ElementType, into target: UnsafeMutableRawPointer,
    _ reading: Read
  ) throws(Failure) -> Bool {
    if let column = region.columns.first, region.columns.count == 1, column.step == 1 || column.count == 1,
      column.count == array.columns && region.rows.allSatisfy({ $0.count == 1 || $0.step == column.count })
        || column.count * type.bytes >= Self.shortest
    {
      return try readRows(array, region.rows, column, as: type, into: target, reading)
    }
    let room = Self.bufferBytes / type.bytes
    for columns in region.columns.cut(room) {
      guard try gather(array, region.rows, columns, room, as: type, into: target, reading) else { return false }
    }
    return true
  }

  /// Bytes of a row that are worth a read of their own.
  private static let shortest = 4096

  /// Rows whose numbers stay side by side: read to where they go.
  private func readRows(
    _ array: StoredArray, _ rows: [Region.Run], _ column: Region.Run, as type: ElementType,
    into target: UnsafeMutableRawPointer, _ reading: Read
  ) throws(Failure) -> Bool {
    for run in rows {
      let isOnePiece = column.count == array.columns && (run.count == 1 || run.step == column.count)
      for row in 0..<(isOnePiece ? 1 : run.count) {
        let place = target + (run.target + row * run.step + column.target) * type.bytes
        let start = (run.start + row) * array.columns + column.start
        let count = isOnePiece ? run.count * column.count : column.count
        guard try decoder.read(array, start..<start + count, as: type, into: place, reading) else { return false }
      }
    }
    return true
  }

  /// Columns of as many rows at a time as there is room for, then each number to its place.
  private func gather(
    _ array: StoredArray, _ rows: [Region.Run], _ columns: [Region.Run], _ room: Int, as type: ElementType,
    into target: UnsafeMutableRawPointer, _ reading: Read
  ) throws(Failure) -> Bool {
    let windows = columns.joined()
    let width = columns.reduce(0) { $0 + $1.count }
    let isWhole = width == array.columns
    var batch: [Region.Run] = []
    var held = 0
    /// Reads the rows of the batch, neighbors together, and puts their numbers in place.
    func flush() throws(Failure) -> Bool {
      var line = 0
      var next = 0
      while next < batch.count {
        let first = batch[next].start
        var count = batch[next].count
        next += 1
        while next < batch.count, batch[next].start == first + count {
          count += batch[next].count
          next += 1
        }
        for row in 0..<(isWhole ? 1 : count) {
          var place = gathered + (line + row) * width * type.bytes
          for window in windows {
            let start = (first + row) * array.columns + window.start
            let length = isWhole ? count * width : window.count
            guard try decoder.read(array, start..<start + length, as: type, into: place, reading) else { return false }
            place += length * type.bytes
          }
        }
        line += count
      }
      switch type.bytes {
      case 2: scatter(UInt16.self, batch, columns, width, target)
      case 4: scatter(UInt32.self, batch, columns, width, target)
      default: scatter(UInt64.self, batch, columns, width, target)
      }
      batch.removeAll(keepingCapacity: true)
      held = 0
      return true
    }
    for run in rows {
      var done = 0
      while done < run.count {
        let count = min(run.count - done, room / width - held)
        batch.append(
          Region.Run(start: run.start + done, count: count, target: run.target + done * run.step, step: run.step))
        held += count
        done += count
        if held == room / width { guard try flush() else { return false } }
      }
    }
    guard !batch.isEmpty else { return true }
    return try flush()
  }

  /// - Parameter width: numbers of a gathered row.
  private func scatter<Word: FixedWidthInteger>(
    _: Word.Type, _ rows: [Region.Run], _ columns: [Region.Run], _ width: Int, _ target: UnsafeMutableRawPointer
  ) {
    let from = gathered.assumingMemoryBound(to: Word.self)
    let to = target.assumingMemoryBound(to: Word.self)
    var line = 0
    for run in rows {
      var column = 0
      for part in columns {
        let source = from + line * width + column
        let place = to + run.target + part.target
        if part.step == 1 {
          for row in 0..<run.count {
            (place + row * run.step).update(from: source + row * width, count: part.count)
          }
        } else {
          // A turned matrix: its gathered rows are columns of the tensor, whose numbers lie side by side there.
          for k in 0..<part.count {
            for row in 0..<run.count { place[k * part.step + row * run.step] = source[row * width + k] }
          }
        }
        column += part.count
      }
      line += run.count
    }
  }
}

extension [Region.Run] {
  /// Neighbors together, wherever they go.
  fileprivate func joined() -> Self {
    var windows: Self = []
    for run in self {
      if let last = windows.last, last.start + last.count == run.start {
        windows[windows.count - 1].count += run.count
      } else {
        windows.append(run)
      }
    }
    return windows
  }

  /// Cut into groups of at most `most` columns.
  fileprivate func cut(_ most: Int) -> [Self] {
    var groups: [Self] = []
    var group: Self = []
    var held = 0
    for run in self {
      var done = 0
      while done < run.count {
        let count = Swift.min(run.count - done, most - held)
        group.append(
          Region.Run(start: run.start + done, count: count, target: run.target + done * run.step, step: run.step))
        held += count
        done += count
        if held == most {
          groups.append(group)
          (group, held) = ([], 0)
        }
      }
    }
    return group.isEmpty ? groups : groups + [group]
  }
}
