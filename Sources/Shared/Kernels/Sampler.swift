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
    blocks[line.place].values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      for run in runs[line.place] {
        // The part of the run that this block of weights holds.
        let from = max(line.start + run.column, range.lowerBound)
        let to = min(line.start + run.column + run.length, range.upperBound)
        guard from < to else { continue }
        let target = line.target + run.target + from - line.start - run.column
        for model in types.indices {
          let weights = rows[model] + (from - range.lowerBound) * types[model].bytes
          Self.copy(weights, types[model], to - from, to: base + model * size + target)
        }
      }
    }
  }

  private static func copy(
    _ weights: UnsafeRawPointer, _ type: ElementType, _ count: Int, to target: UnsafeMutablePointer<Float>
  ) {
    guard type == .f64 else { return Float.widen(weights, type, count, into: target) }
    for p in 0..<count { target[p] = Float(weights.load(fromByteOffset: 8 * p, as: Double.self)) }
  }
}
