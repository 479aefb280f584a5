internal import Core

/// Picks weights at given places out of pieces that pass by in order.
struct WeightGatherer {
  /// Neighbors that stay neighbors.
  private struct Run {
    var start: Int
    var count: Int
    var target: Int
  }

  private(set) var values: [Float]
  /// By where they start.
  private let runs: [Run]
  private var next = 0

  /// - Parameters:
  ///   - width: columns of the tensor.
  ///   - rows, columns: of what is picked; row-major in this order.
  init(width: Int, rows: [Int], columns: [Int]) {
    var runs: [Run] = []
    let isOnePiece = columns.count > 1 && zip(columns, columns.dropFirst()).allSatisfy { $1 == $0 + 1 }
    for (line, row) in rows.enumerated() {
      if isOnePiece {
        runs.append(Run(start: row * width + columns[0], count: columns.count, target: line * columns.count))
      } else {
        for (place, column) in columns.enumerated() {
          runs.append(Run(start: row * width + column, count: 1, target: line * columns.count + place))
        }
      }
    }
    self.runs = runs.sorted { $0.start < $1.start }
    values = Array(repeating: 0, count: rows.count * columns.count)
  }

  /// - Parameter start: place of the first number in the tensor; pieces follow each other.
  mutating func add(_ numbers: UnsafeBufferPointer<Float>, at start: Int) {
    let end = start + numbers.count
    while next < runs.count, runs[next].start < end {
      let run = runs[next]
      let (from, to) = (max(run.start, start), min(run.start + run.count, end))
      for place in from..<max(from, to) { values[run.target + place - run.start] = numbers[place - start] }
      guard run.start + run.count <= end else { return }
      next += 1
    }
  }
}
