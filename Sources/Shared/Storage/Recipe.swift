/// How a canonical tensor is obtained from stored arrays.
///
/// Every array counts as a matrix, its outermost extent by all others together, and so does what a recipe
/// makes of it. A recipe is a value and holds its parts, so that it cannot refer to itself.
package enum Recipe: Sendable, Hashable {
  /// The numbers of an array, decoded.
  case stored(StoredArray)
  /// Some rows in a row.
  indirect case rows(Range<Int>, of: Recipe)
  /// Some neighboring columns of every row.
  indirect case columns(Range<Int>, of: Recipe)
  /// Matrices of as many columns, one below the other.
  indirect case concatenated([Recipe])
  indirect case transposed(Recipe)
  /// A matrix of blocks of so many columns, transposed block by block: the block in row r and block column c goes to
  /// row c and block column r. What is packed along columns comes out in rows.
  indirect case turned(blocks: Int, of: Recipe)
  indirect case reordered(RowOrder, of: Recipe)
  /// The same numbers in rows of so many columns.
  indirect case reshaped(columns: Int, of: Recipe)

  /// Nesting that is followed; a recipe that a naming convention asks for needs four or five levels.
  static let deepest = 16
  /// Arrays of one recipe: a layer's experts are a few hundred.
  package static let mostArrays = 1 << 14

  /// Rows and columns; nil when the recipe is impossible: empty or outside of what it takes part of, parts
  /// that do not fit, an order that is none, sizes that cannot be counted.
  package var size: (rows: Int, columns: Int)? {
    var arrays = 0
    return size(depth: 0, &arrays)
  }

  private func size(depth: Int, _ arrays: inout Int) -> (rows: Int, columns: Int)? {
    guard depth < Self.deepest else { return nil }
    func within(_ range: Range<Int>, _ count: Int) -> Bool {
      range.lowerBound >= 0 && !range.isEmpty && range.upperBound <= count
    }
    switch self {
    case .stored(let array):
      arrays += 1
      return array.isPossible && arrays <= Self.mostArrays ? (array.rows, array.columns) : nil
    case .rows(let range, let whole):
      guard let size = whole.size(depth: depth + 1, &arrays), within(range, size.rows) else { return nil }
      return (range.count, size.columns)
    case .columns(let range, let whole):
      guard let size = whole.size(depth: depth + 1, &arrays), within(range, size.columns) else { return nil }
      return (size.rows, range.count)
    case .concatenated(let parts):
      var rows = 0
      var columns: Int?
      for part in parts {
        guard let size = part.size(depth: depth + 1, &arrays), columns ?? size.columns == size.columns else {
          return nil
        }
        let (sum, isTooLarge) = rows.addingReportingOverflow(size.rows)
        let (_, isTooLargeToo) = sum.multipliedReportingOverflow(by: size.columns)
        guard !isTooLarge, !isTooLargeToo else { return nil }
        (rows, columns) = (sum, size.columns)
      }
      return columns.map { (rows, $0) }
    case .transposed(let whole):
      return whole.size(depth: depth + 1, &arrays).map { ($0.columns, $0.rows) }
    case .turned(let width, let whole):
      guard let size = whole.size(depth: depth + 1, &arrays), width > 0, size.columns % width == 0 else { return nil }
      let (columns, isTooLarge) = size.rows.multipliedReportingOverflow(by: width)
      return isTooLarge ? nil : (size.columns / width, columns)
    case .reordered(let order, let whole):
      guard let size = whole.size(depth: depth + 1, &arrays), order.isPermutation(of: size.rows) else { return nil }
      return size
    case .reshaped(let columns, let whole):
      guard let size = whole.size(depth: depth + 1, &arrays), columns > 0 else { return nil }
      let (count, isTooLarge) = size.rows.multipliedReportingOverflow(by: size.columns)
      return isTooLarge || count % columns != 0 ? nil : (count / columns, columns)
    }
  }

  /// As `size`, of a recipe that is known to be possible.
  var extent: (rows: Int, columns: Int) {
    switch self {
    case .stored(let array): return (array.rows, array.columns)
    case .rows(let range, let whole): return (range.count, whole.extent.columns)
    case .columns(let range, let whole): return (whole.extent.rows, range.count)
    case .concatenated(let parts):
      return (parts.reduce(0) { $0 + $1.extent.rows }, parts.first?.extent.columns ?? 0)
    case .transposed(let whole):
      let extent = whole.extent
      return (extent.columns, extent.rows)
    case .turned(let width, let whole):
      let extent = whole.extent
      return (extent.columns / width, extent.rows * width)
    case .reordered(_, let whole): return whole.extent
    case .reshaped(let columns, let whole):
      let extent = whole.extent
      return (extent.rows * extent.columns / columns, columns)
    }
  }

  /// Calls `body` with every array and how many of its numbers the recipe takes.
  ///
  /// - Precondition: the recipe is possible.
  func forEachArray(_ body: (StoredArray, Int) -> Void) {
    let (rows, columns) = extent
    guard rows > 0, columns > 0 else { return }
    for (array, region) in parts(of: 0..<rows * columns, columns: columns) {
      body(array, region.rows.reduce(0) { $0 + $1.count } * region.columns.reduce(0) { $0 + $1.count })
    }
  }

  /// The array and its first number, where the recipe takes neighboring numbers of one array in their order.
  var span: (array: StoredArray, start: Int)? {
    switch self {
    case .stored(let array): (array, 0)
    case .rows(let range, let whole):
      whole.span.map { ($0.array, $0.start + range.lowerBound * whole.extent.columns) }
    case .reshaped(_, let whole): whole.span
    case .columns, .concatenated, .transposed, .turned, .reordered: nil
    }
  }

  /// Does it turn rows of some array into columns? Then the neighbors of a row lie far apart in the file.
  package var isTurned: Bool { isTurned(already: false) }

  private func isTurned(already: Bool) -> Bool {
    switch self {
    case .stored: already
    case .rows(_, let whole), .columns(_, let whole), .reordered(_, let whole), .reshaped(_, let whole):
      whole.isTurned(already: already)
    case .concatenated(let parts): parts.contains { $0.isTurned(already: already) }
    case .transposed(let whole), .turned(_, let whole): whole.isTurned(already: !already)
    }
  }

  /// The same recipe for files that lie elsewhere.
  package func mapFiles(_ new: (String) -> String) -> Recipe {
    switch self {
    case .stored(let array): return .stored(array.mapFiles(new))
    case .rows(let range, let whole): return .rows(range, of: whole.mapFiles(new))
    case .columns(let range, let whole): return .columns(range, of: whole.mapFiles(new))
    case .concatenated(let parts): return .concatenated(parts.map { $0.mapFiles(new) })
    case .transposed(let whole): return .transposed(whole.mapFiles(new))
    case .turned(let width, let whole): return .turned(blocks: width, of: whole.mapFiles(new))
    case .reordered(let order, let whole): return .reordered(order, of: whole.mapFiles(new))
    case .reshaped(let columns, let whole): return .reshaped(columns: columns, of: whole.mapFiles(new))
    }
  }
}

extension StoredArray {
  fileprivate func mapFiles(_ new: (String) -> String) -> StoredArray {
    var array = self
    array.file = new(file)
    for index in companions.indices { array.companions[index].array = companions[index].array.mapFiles(new) }
    return array
  }
}
