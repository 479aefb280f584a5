internal import Core
internal import Naming
internal import Storage

/// Makes the canonical tensors that a stored one holds.
///
/// Row orders and slices act on the rows of a matrix, so that they serve the factor B of an update B A as well.
struct TensorPieces {
  /// Rows of all queries, where query, key and value are one below the other; nil when the shape says it.
  var queries: Int?
  /// nil when nothing depends on it.
  var headSize: Int?
  /// As `headSize`, for the order of rotary rows: 2 leaves them as they are.
  var rotarySize: Int?

  private struct Piece {
    var recipe: Recipe
    var extents: [Int]
    /// The recipe makes a single row of what is a matrix.
    var isFlat = false
  }

  /// - Parameter columns: of the matrix to which the tensor belongs: its own, or for a vector those of the weight.
  /// - Returns: as many tensors as the rearrangement has results, with their names; nil when the shape does not allow it.
  func pieces(of tensor: StoredTensor, _ rearrangement: Rearrangement, columns: Int?) -> [StoredTensor]? {
    var pieces = [Piece(recipe: tensor.recipe, extents: tensor.shape.extents)]
    let experts = rearrangement.steps.contains(.splitExperts) ? max(1, tensor.shape.extents.first ?? 1) : 1
    guard rearrangement.results.count % experts == 0 else { return nil }
    let count = rearrangement.results.count / experts
    for step in rearrangement.steps {
      var next: [Piece] = []
      for piece in pieces {
        guard let made = carryOut(step, piece, count, columns) else { return nil }
        next += made
      }
      pieces = next
    }
    guard pieces.count == rearrangement.results.count else { return nil }
    var tensors: [StoredTensor] = []
    for (piece, name) in zip(pieces, rearrangement.results) {
      guard let shape = TensorShape(piece.extents) else { return nil }
      let made = StoredTensor(name: name, shape: shape, recipe: piece.recipe)
      guard made.isPossible else { return nil }
      tensors.append(made)
    }
    return tensors
  }

  private func carryOut(_ step: Rearrangement.Step, _ piece: Piece, _ count: Int, _ columns: Int?) -> [Piece]? {
    guard let rows = piece.extents.first, rows > 0 else { return nil }
    guard !piece.isFlat || step == .squeeze else { return nil }
    switch step {
    case .transpose:
      guard piece.extents.count > 1 else { return [piece] }
      guard piece.extents.count == 2 else { return nil }
      return [Piece(recipe: .transposed(piece.recipe), extents: piece.extents.reversed())]
    case .squeeze:
      guard piece.extents.count > 2, piece.extents[2...].allSatisfy({ $0 == 1 }) else { return [piece] }
      return [Piece(recipe: piece.recipe, extents: Array(piece.extents[..<2]), isFlat: piece.isFlat)]
    case .splitRows:
      return sizes(rows, count, piece.extents.count > 1 ? piece.extents[1] : columns).flatMap { split(piece, $0) }
    case .splitAlternating:
      guard count > 0, rows % count == 0 else { return nil }
      let apart = ordered(piece, .swapped(outer: count, inner: rows / count, run: 1))
      return split(apart, Array(repeating: rows / count, count: count))
    case .swapHalves:
      guard rows % 2 == 0 else { return nil }
      let halves = [rows / 2..<rows, 0..<rows / 2].map { Recipe.rows($0, of: piece.recipe) }
      return [Piece(recipe: .concatenated(halves), extents: piece.extents)]
    case .pairsToHalves:
      guard let rotarySize, rotarySize > 1, rotarySize % 2 == 0, rows % rotarySize == 0 else { return nil }
      return [rotarySize == 2 ? piece : ordered(piece, .swapped(outer: 2, inner: rotarySize / 2, run: 1))]
    case .splitGroups: return splitGroups(piece, rows, columns)
    case .splitExperts: return splitExperts(piece, rows)
    }
  }

  private func ordered(_ piece: Piece, _ order: RowOrder) -> Piece {
    Piece(recipe: .reordered(order, of: piece.recipe), extents: piece.extents)
  }

  private func split(_ piece: Piece, _ sizes: [Int]) -> [Piece]? {
    guard sizes.allSatisfy({ $0 > 0 }), sizes.reduce(0, +) == piece.extents[0] else { return nil }
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return Piece(recipe: .rows(start..<start + size, of: piece.recipe), extents: [size] + piece.extents.dropFirst())
    }
  }

  /// The rows of each tensor of several that lie one below the other.
  private func sizes(_ rows: Int, _ count: Int, _ columns: Int?) -> [Int]? {
    switch count {
    case 3:
      // All queries have as many rows as the network is wide, unless it is known otherwise.
      for queries in [queries, columns, rows / 3] {
        guard let queries, queries > 0, queries < rows, (rows - queries) % 2 == 0, rows - queries <= 2 * queries else {
          continue
        }
        return [queries, (rows - queries) / 2, (rows - queries) / 2]
      }
      return nil
    case 4:
      // Query, key, value and what goes to the MLP of the same block.
      let width = columns ?? rows / 7
      return rows > 3 * width ? [width, width, width, rows - 3 * width] : nil
    default: return count > 0 && rows % count == 0 ? Array(repeating: rows / count, count: count) : nil
    }
  }

  /// (group; queries of the group, key, value; row) to all queries, all keys, all values.
  private func splitGroups(_ piece: Piece, _ rows: Int, _ columns: Int?) -> [Piece]? {
    guard let headSize, headSize > 0, let sizes = sizes(rows, 3, piece.extents.count > 1 ? piece.extents[1] : columns)
    else { return nil }
    guard sizes[1] % headSize == 0, sizes[0] % sizes[1] == 0 else { return nil }
    let (groups, queries) = (sizes[1] / headSize, sizes[0] / sizes[1])
    guard groups > 1 else { return split(piece, sizes) }
    guard var parts = split(ordered(piece, .swapped(outer: queries + 2, inner: groups, run: headSize)), sizes) else {
      return nil
    }
    if queries > 1 { parts[0] = ordered(parts[0], .swapped(outer: groups, inner: queries, run: headSize)) }
    return parts
  }

  private func splitExperts(_ piece: Piece, _ experts: Int) -> [Piece]? {
    let extents = Array(piece.extents.dropFirst())
    guard let rows = extents.first, rows > 0 else { return nil }
    // An array of plain blocks may count as a matrix of all experts' rows.
    if case .stored(var array) = piece.recipe, array.companions.isEmpty,
      let shape = TensorShape([experts * rows] + extents.dropFirst())
    {
      array.shape = shape
      return (0..<experts).map {
        Piece(recipe: .rows($0 * rows..<($0 + 1) * rows, of: .stored(array)), extents: extents)
      }
    }
    guard let size = piece.recipe.size else { return nil }
    if size.rows == experts * rows {
      return (0..<experts).map { Piece(recipe: .rows($0 * rows..<($0 + 1) * rows, of: piece.recipe), extents: extents) }
    }
    guard size.rows == experts else { return nil }
    return (0..<experts).map {
      Piece(recipe: .rows($0..<$0 + 1, of: piece.recipe), extents: extents, isFlat: extents.count > 1)
    }
  }
}
