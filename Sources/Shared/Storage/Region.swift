/// Part of a matrix and where its numbers go: the crossings of some rows with some columns. The number at
/// row r and column c goes to the sum of what their runs say of each.
///
/// Slices, orders and transpositions leave a region one, with as many runs as it has rows and columns at
/// most; what takes memory is the edge of the part, never its area.
struct Region {
  /// Neighboring rows, or columns.
  struct Run {
    /// In the matrix.
    var start: Int
    var count: Int
    /// Where the first goes.
    var target: Int
    /// From one to the next.
    var step: Int
  }

  /// Both ascending by where they start.
  var rows: [Run]
  var columns: [Run]

  /// The numbers at some coordinates of a row-major matrix, which go side by side: a part of a row, whole rows
  /// and again a part, as far as there are such.
  static func regions(of coordinates: Range<Int>, columns: Int) -> [Region] {
    regions(of: coordinates, columns: columns, target: 0, step: 1)
  }

  /// - Parameters:
  ///   - target: where the first number goes.
  ///   - step: from there to where the next one goes.
  private static func regions(of coordinates: Range<Int>, columns: Int, target: Int, step: Int) -> [Region] {
    var regions: [Region] = []
    var start = coordinates.lowerBound
    while start < coordinates.upperBound {
      let (row, column) = start.quotientAndRemainder(dividingBy: columns)
      let left = coordinates.upperBound - start
      let isPart = column > 0 || left < columns
      let rows = isPart ? 1 : left / columns
      let width = isPart ? min(columns - column, left) : columns
      regions.append(
        Region(
          rows: [
            Run(
              start: row, count: rows, target: target + (start - coordinates.lowerBound) * step, step: columns * step)
          ],
          columns: [Run(start: column, count: width, target: 0, step: step)]))
      start += rows * width
    }
    return regions
  }
}

extension Region {
  /// The same part of the matrix that this one is made of by transposing blocks of `width` columns.
  ///
  /// Its columns are cut where a block is not whole: each piece takes the same columns of all blocks that it touches.
  fileprivate func turned(blocks width: Int) -> [Region] {
    var regions: [Region] = []
    for run in columns {
      var done = 0
      while done < run.count {
        let (block, inside) = (run.start + done).quotientAndRemainder(dividingBy: width)
        let left = run.count - done
        let isPart = inside > 0 || left < width
        let (blocks, taken) = isPart ? (1, min(width - inside, left)) : (left / width, width)
        var own: [Run] = []
        for row in rows {
          for k in 0..<row.count {
            own.append(
              Run(
                start: (row.start + k) * width + inside, count: taken, target: row.target + k * row.step,
                step: run.step))
          }
        }
        regions.append(
          Region(
            rows: [Run(start: block, count: blocks, target: run.target + done * run.step, step: width * run.step)],
            columns: own))
        done += blocks * taken
      }
    }
    return regions
  }
}

extension Region {
  /// The same part of the matrix that this one is made of by cutting its numbers, row-major, into rows of `own` columns.
  ///
  /// - Parameter inner: columns of that matrix.
  fileprivate func reshaped(from own: Int, to inner: Int) -> [Region] {
    guard own != inner else { return [self] }
    var regions: [Region] = []
    for run in rows {
      // Whole rows whose numbers stay side by side are one run of numbers.
      if columns.count == 1, let column = columns.first, column.count == own, column.step == 1, run.step == own {
        regions += Self.regions(
          of: run.start * own..<(run.start + run.count) * own, columns: inner, target: run.target + column.target,
          step: 1)
        continue
      }
      for row in 0..<run.count {
        for column in columns {
          let start = (run.start + row) * own + column.start
          regions += Self.regions(
            of: start..<start + column.count, columns: inner, target: run.target + row * run.step + column.target,
            step: column.step)
        }
      }
    }
    return regions
  }
}

extension Recipe {
  /// What is read of which arrays for some coordinates of the tensor.
  func parts(of coordinates: Range<Int>, columns: Int) -> [(array: StoredArray, region: Region)] {
    var parts: [(StoredArray, Region)] = []
    for region in Region.regions(of: coordinates, columns: columns) { collect(region, &parts) }
    return parts
  }

  private func collect(_ region: Region, _ parts: inout [(StoredArray, Region)]) {
    switch self {
    case .stored(let array): parts.append((array, region))
    case .rows(let range, let whole):
      whole.collect(Region(rows: region.rows.shifted(range.lowerBound), columns: region.columns), &parts)
    case .columns(let range, let whole):
      whole.collect(Region(rows: region.rows, columns: region.columns.shifted(range.lowerBound)), &parts)
    case .concatenated(let all):
      var start = 0
      for part in all {
        let rows = part.extent.rows
        let own = region.rows.clipped(to: start..<start + rows).shifted(-start)
        if !own.isEmpty { part.collect(Region(rows: own, columns: region.columns), &parts) }
        start += rows
      }
    case .transposed(let whole): whole.collect(Region(rows: region.columns, columns: region.rows), &parts)
    case .turned(let width, let whole):
      for part in region.turned(blocks: width) { whole.collect(part, &parts) }
    case .reordered(let order, let whole):
      whole.collect(Region(rows: region.rows.reordered(order), columns: region.columns), &parts)
    case .reshaped(let columns, let whole):
      for part in region.reshaped(from: columns, to: whole.extent.columns) { whole.collect(part, &parts) }
    }
  }
}

extension [Region.Run] {
  fileprivate func shifted(_ by: Int) -> Self {
    map { Region.Run(start: $0.start + by, count: $0.count, target: $0.target, step: $0.step) }
  }

  fileprivate func clipped(to range: Range<Int>) -> Self {
    compactMap { run in
      let from = Swift.max(run.start, range.lowerBound)
      let to = Swift.min(run.start + run.count, range.upperBound)
      guard from < to else { return nil }
      return Region.Run(
        start: from, count: to - from, target: run.target + (from - run.start) * run.step, step: run.step)
    }
  }

  fileprivate func reordered(_ order: RowOrder) -> Self {
    var runs: Self = []
    for run in self {
      // The runs of one do not go on in the next: their targets and steps may differ.
      var last: Int?
      for k in 0..<run.count {
        let source = order.source(of: run.start + k)
        if let place = last, runs[place].start + runs[place].count == source {
          runs[place].count += 1
        } else {
          last = runs.count
          runs.append(Region.Run(start: source, count: 1, target: run.target + k * run.step, step: run.step))
        }
      }
    }
    return runs.sorted { $0.start < $1.start }
  }
}
