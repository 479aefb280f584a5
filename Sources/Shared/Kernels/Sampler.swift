internal import CKernels
internal import Core
internal import Encodings

/// Picks the weights of submatrices out of the blocks that pass by.
final class Sampler {
  private struct Line {
    /// Coordinate of the row's first column.
    let start: Int
    let place: Int
    /// Where the row starts in a model's submatrix.
    let target: Int
  }

  private let types: [ElementType]
  private let columns: Int
  /// Of each place, ascending.
  private let chosen: [[UInt32]]
  /// Rows of all places by where they start.
  private let lines: [Line]
  /// Lines that may still come.
  private var next = 0
  private var position: Int
  private(set) var blocks: [SampleBlock]

  init(types: [ElementType], columns: Int, places: [SampleGrid.Place], start: Int) {
    self.types = types
    self.columns = columns
    position = start
    chosen = places.map { $0.columns.map { UInt32($0) } }
    lines = places.enumerated().flatMap { index, place in
      place.rows.enumerated().map {
        Line(start: $1 * columns, place: index, target: $0 * place.columns.count)
      }
    }.sorted { ($0.start, $0.place) < ($1.start, $1.place) }
    blocks = places.map { SampleBlock(shape: $0.shape, models: types.count) }
  }

  func add(rows: [UnsafeRawPointer], count: Int) {
    let range = position..<position + count
    position = range.upperBound
    while next < lines.count, lines[next].start + columns <= range.lowerBound { next += 1 }
    for line in lines[next...] {
      guard line.start < range.upperBound else { break }
      take(line, from: rows, range)
    }
  }

  private func take(_ line: Line, from rows: [UnsafeRawPointer], _ range: Range<Int>) {
    let size = blocks[line.place].shape.count
    let part = part(of: line, in: range)
    guard let first = part.first, let last = part.last else { return }
    let isOnePiece = Int(last - first) == part.count - 1
    blocks[line.place].values.withUnsafeMutableBufferPointer { values in
      part.withUnsafeBufferPointer { numbers in
        guard let base = values.baseAddress, let columns = numbers.baseAddress else { return }
        for (model, type) in types.enumerated() {
          // A row may have begun in an earlier block: only what lies in this one is touched.
          let row = rows[model] + (line.start - range.lowerBound) * type.bytes
          let target = base + model * size + line.target + part.startIndex
          if isOnePiece {
            mt_decode(type.storage, row + Int(first) * type.bytes, target, part.count)
          } else {
            mt_gather(type.storage, row, columns, part.count, target)
          }
        }
      }
    }
  }

  /// The columns that a block of weights holds of a line: all, but where a row is longer than a block.
  private func part(of line: Line, in range: Range<Int>) -> ArraySlice<UInt32> {
    let all = chosen[line.place]
    guard line.start < range.lowerBound || line.start + columns > range.upperBound else { return all[...] }
    let end = all.firstIndex { line.start + Int($0) >= range.upperBound } ?? all.count
    let start = all.firstIndex { line.start + Int($0) >= range.lowerBound } ?? all.count
    return all[start..<end]
  }
}
