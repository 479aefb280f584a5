internal import Core

/// Picks the weights of submatrices out of the blocks that pass by.
final class Sampler {
  /// Columns that follow each other in a place and in the tensor alike.
  private struct Run {
    let column: Int
    let length: Int
    /// Where the run starts in a line of the submatrix.
    let target: Int
  }

  private struct Line {
    /// Coordinate of the row's first column.
    let start: Int
    let place: Int
    /// Where the row starts in a model's submatrix.
    let target: Int
  }

  private let types: [ElementType]
  private let columns: Int
  private let runs: [[Run]]
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
    runs = places.map { Self.runs($0.columns) }
    lines = places.enumerated().flatMap { index, place in
      place.rows.enumerated().map {
        Line(start: $1 * columns, place: index, target: $0 * place.columns.count)
      }
    }.sorted { ($0.start, $0.place) < ($1.start, $1.place) }
    blocks = places.map { SampleBlock(shape: $0.shape, models: types.count) }
  }

  private static func runs(_ columns: [Int]) -> [Run] {
    var runs: [Run] = []
    for (target, column) in columns.enumerated() {
      if let last = runs.last, last.column + last.length == column {
        runs[runs.count - 1] = Run(column: last.column, length: last.length + 1, target: last.target)
      } else {
        runs.append(Run(column: column, length: 1, target: target))
      }
    }
    return runs
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
    let runs = part(of: runs[line.place], of: line, in: range)
    blocks[line.place].values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for model in types.indices {
        let row = rows[model] + (line.start - range.lowerBound) * types[model].bytes
        Self.gather(runs, row, types[model], to: base + model * size + line.target)
      }
    }
  }

  /// What a block of weights holds of a line's runs: all, but where a row is longer than a block.
  private func part(of runs: [Run], of line: Line, in range: Range<Int>) -> [Run] {
    guard line.start < range.lowerBound || line.start + columns > range.upperBound else { return runs }
    return runs.compactMap { run in
      let from = max(run.column, range.lowerBound - line.start)
      let to = min(run.column + run.length, range.upperBound - line.start)
      guard from < to else { return nil }
      return Run(column: from, length: to - from, target: run.target + from - run.column)
    }
  }

  /// Most runs are single weights: these are taken one by one, longer ones as rows.
  private static func gather(
    _ runs: [Run], _ row: UnsafeRawPointer, _ type: ElementType, to target: UnsafeMutablePointer<Float>
  ) {
    for run in runs {
      switch type {
      case .f32 where run.length == 1:
        target[run.target] = row.load(fromByteOffset: 4 * run.column, as: Float.self)
      case .bf16 where run.length == 1:
        target[run.target] = Float(
          bitPattern: UInt32(row.load(fromByteOffset: 2 * run.column, as: UInt16.self)) << 16)
      case .f32, .bf16, .f16:
        Float.widen(row + type.bytes * run.column, type, run.length, into: target + run.target)
      case .f64:
        for k in 0..<run.length {
          target[run.target + k] = Float(row.load(fromByteOffset: 8 * (run.column + k), as: Double.self))
        }
      }
    }
  }
}
