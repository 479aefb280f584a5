/// Part of a shard: some of the equal *pieces* that the plan cuts a long shard into, such that they are one subtree of
/// the binary tree over all of them. A run of pieces is one when its length is a power of two and it starts at a
/// multiple of its length.
///
/// The sums of a shard are its pieces' sums, added in that tree: so their bits do not depend on who computed which part.
package struct ShardPart: Sendable, Hashable, CustomStringConvertible {
  /// Pieces that a shard has at most.
  package static let mostPieces = 16

  /// Pieces of the whole shard, a power of two.
  package let pieces: Int
  /// The part's first piece, counted from 0.
  package let first: Int
  /// How many of them the part has.
  package let count: Int

  /// - Returns: nil where that is no subtree.
  package init?(pieces: Int, first: Int, count: Int) {
    guard 1...Self.mostPieces ~= pieces, pieces.nonzeroBitCount == 1 else { return nil }
    guard 1...pieces ~= count, count.nonzeroBitCount == 1 else { return nil }
    guard 0..<pieces ~= first, first % count == 0 else { return nil }
    self.init(of: pieces, first, count)
  }

  /// All pieces of a shard.
  package init(wholeOf pieces: Int) {
    precondition(1...Self.mostPieces ~= pieces && pieces.nonzeroBitCount == 1, "\(pieces) pieces")
    self.init(of: pieces, 0, pieces)
  }

  private init(of pieces: Int, _ first: Int, _ count: Int) {
    self.pieces = pieces
    self.first = first
    self.count = count
  }

  package var isWhole: Bool { count == pieces }

  /// What messages say: nothing of a shard that is not cut.
  package var named: ShardPart? { pieces > 1 ? self : nil }

  /// The shard's first piece, whether the part has it or not.
  package var firstPiece: ShardPart { ShardPart(of: pieces, 0, 1) }

  /// The two parts that it is the sum of; nil for a single piece.
  package var halves: (left: ShardPart, right: ShardPart)? {
    guard count > 1 else { return nil }
    let half = count / 2
    return (ShardPart(of: pieces, first, half), ShardPart(of: pieces, first + half, half))
  }

  /// The part that this one and its neighbour add up to; nil for the whole shard.
  package var parent: ShardPart? {
    isWhole ? nil : ShardPart(of: pieces, first / (2 * count) * 2 * count, 2 * count)
  }

  /// What it is added to first; nil for the whole shard.
  package var neighbor: ShardPart? { isWhole ? nil : ShardPart(of: pieces, first ^ count, count) }

  package func contains(_ other: ShardPart) -> Bool {
    first <= other.first && other.first + other.count <= first + count
  }

  /// The part's coordinates. Pieces consist of whole rows, as many as others of the shard or one more.
  ///
  /// - Parameters:
  ///   - shard: the shard's coordinates.
  ///   - columns: of the tensor.
  package func coordinates(in shard: Range<Int>, columns: Int) -> Range<Int> {
    start(of: first, in: shard, columns)..<start(of: first + count, in: shard, columns)
  }

  /// Where each of its pieces ends, counted from the start of the part.
  package func ends(in shard: Range<Int>, columns: Int) -> [Int] {
    let origin = start(of: first, in: shard, columns)
    return (first + 1...first + count).map { start(of: $0, in: shard, columns) - origin }
  }

  private func start(of piece: Int, in shard: Range<Int>, _ columns: Int) -> Int {
    if piece == pieces { return shard.upperBound }
    return shard.lowerBound + shard.count / max(1, columns) * piece / pieces * columns
  }

  package var description: String {
    count == 1 ? "piece \(first + 1) of \(pieces)" : "pieces \(first + 1) to \(first + count) of \(pieces)"
  }
}

extension ShardPart: Codable {
  private enum Key: String, CodingKey { case pieces, first, count }

  /// - Throws: `DecodingError` where the numbers are no subtree.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let pieces = try values.decode(Int.self, forKey: .pieces)
    let first = try values.decode(Int.self, forKey: .first)
    let count = try values.decode(Int.self, forKey: .count)
    guard let part = ShardPart(pieces: pieces, first: first, count: count) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "\(count) pieces from \(first) on, of \(pieces), are no part of a shard"))
    }
    self = part
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(pieces, forKey: .pieces)
    try values.encode(first, forKey: .first)
    try values.encode(count, forKey: .count)
  }
}
