import Core
import Foundation
import TestSeed
import Testing

@Suite struct ShardPartTests {
  /// All parts of a shard, whatever their size.
  private func parts(of pieces: Int) -> [ShardPart] {
    var found = [ShardPart(wholeOf: pieces)]
    var next = 0
    while next < found.count {
      if let (left, right) = found[next].halves { found += [left, right] }
      next += 1
    }
    return found
  }

  @Test(arguments: [1, 2, 4, 8, 16])
  func partsAreTheSubtreesOfABinaryTree(pieces: Int) throws {
    let parts = parts(of: pieces)
    #expect(parts.count == 2 * pieces - 1 && Set(parts).count == parts.count)
    for part in parts {
      #expect(ShardPart(pieces: pieces, first: part.first, count: part.count) == part)
      #expect(try JSONDecoder().decode(ShardPart.self, from: JSONEncoder().encode(part)) == part)
      guard let parent = part.parent, let neighbor = part.neighbor else {
        #expect(part.isWhole)
        continue
      }
      #expect(neighbor.neighbor == part && parent.contains(part) && parent.contains(neighbor))
      #expect(parent.halves.map { [$0.left, $0.right].contains(part) } == true)
      #expect(!part.contains(neighbor) && !part.contains(parent))
    }
  }

  @Test func whatIsNoSubtreeIsNoPart() {
    for (pieces, first, count) in [
      (0, 0, 0), (3, 0, 1), (32, 0, 32), (16, 0, 3), (16, 1, 2), (16, 16, 1), (16, -1, 1), (16, 8, 16), (16, 0, 0),
      (.max, 0, 1), (16, .max, 1), (16, 0, .min), (-16, 0, 1),
    ] {
      #expect(ShardPart(pieces: pieces, first: first, count: count) == nil)
      let json = #"{"pieces":\#(pieces),"first":\#(first),"count":\#(count)}"#
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(ShardPart.self, from: Data(json.utf8)) }
    }
  }

  @Test func piecesAreWholeRowsAndNearlyEqual() {
    var random = Seeded.fresh()
    for _ in 0..<200 {
      let columns = Int.random(in: 1...50, using: &random)
      let pieces = [1, 2, 4, 8, 16][Int.random(in: 0..<5, using: &random)]
      let rows = Int.random(in: pieces...100, using: &random)
      let start = columns * Int.random(in: 0...9, using: &random)
      let shard = start..<start + rows * columns
      var next = start
      for first in 0..<pieces {
        guard let piece = ShardPart(pieces: pieces, first: first, count: 1) else { continue }
        let own = piece.coordinates(in: shard, columns: columns)
        #expect(own.lowerBound == next && own.count % columns == 0)
        #expect(abs(Double(own.count / columns) - Double(rows) / Double(pieces)) < 1)
        next = own.upperBound
      }
      #expect(next == shard.upperBound)
      for part in parts(of: pieces) {
        let own = part.coordinates(in: shard, columns: columns)
        #expect(part.ends(in: shard, columns: columns).last == own.count)
        #expect(part.ends(in: shard, columns: columns).count == part.count)
      }
    }
  }

  /// The sum of a subtree, the obvious way; text shows in which order it was added.
  private func tree(_ part: ShardPart) -> String {
    part.halves.map { "(\(tree($0.left))+\(tree($0.right)))" } ?? "\(part.first)"
  }

  @Test func whoeverFinishesWhichPartTheTreeIsTheSame() throws {
    var random = Seeded.fresh()
    for _ in 0..<300 {
      let pieces = [2, 4, 8, 16][Int.random(in: 0..<4, using: &random)]
      var finished = FinishedParts<String>()
      var whole: String?
      var open: Set<ShardPart> = Set(parts(of: pieces))
      while whole == nil {
        // Any part of which not all has been finished.
        let part = try #require(
          open.sorted { ($0.count, $0.first) < ($1.count, $1.first) }.randomElement(using: &random))
        whole = finished.add(tree(part), of: part) { $0 = "(\($0)+\($1))" }
        open = open.filter { !part.contains($0) }
        while let done = open.first(where: { part in
          part.halves.map { !open.contains($0.left) && !open.contains($0.right) } ?? false
        }) { open.remove(done) }
        #expect(finished.count < pieces)
      }
      #expect(whole == tree(ShardPart(wholeOf: pieces)))
    }
  }

  @Test(arguments: [1, 2, 4, 8, 16])
  func sumsThatComeOneByOneAreAddedInTheSameTree(pieces: Int) throws {
    var random = Seeded.fresh()
    let single = (0..<pieces).map { _ in
      var partial = Partial(PartialSchema(models: 2, statistics: [.l1, .max]))
      (partial.l2, partial.l1, partial.max) = ([random.normal()], [random.normal()], [random.normal()])
      partial.moments = (0..<2).map { _ in
        Moments(
          count: 7, mean: random.normal(), m2: 3, m3: random.normal(), m4: 9, minimum: -1, maximum: 1, zeros: 0,
          notFinite: 0)
      }
      return partial
    }
    func sum(_ part: ShardPart) -> Partial {
      guard let (left, right) = part.halves else { return single[part.first] }
      var sums = sum(left)
      sums.join(sum(right))
      return sums
    }
    var counter = PieceSums()
    for piece in single { counter.add(piece) }
    #expect(try #require(counter.total) == sum(ShardPart(wholeOf: pieces)))
  }
}

@Suite struct PiecesTests {
  private func pieces(_ extents: [Int], models: Int, _ statistics: Statistics = [], spectrum: Int = 0) throws -> Int {
    let shape = try #require(TensorShape(extents))
    let shard = try #require(ShardGeometry.ranges(of: shape).first)
    return ShardGeometry.pieces(
      of: shard.count, shape: shape, models: models, statistics: statistics, spectrum: spectrum)
  }

  @Test func onlyWhatTakesLongIsCut() throws {
    for models in [1, 2, 10, 60] { #expect(try pieces([4096, 4096], models: models) == 1) }
    #expect(try pieces([4096, 4096], models: 500) == 16)
    #expect(try pieces([64, 64], models: 500) == 1)
    // Rows of vectors, and of tables whose rows are larger than a shard, are not to be had.
    #expect(try pieces([1 << 22], models: 500) == 1)
    #expect(try pieces([3, 5_000_000], models: 500) == 1)
    #expect(try pieces([2, 1 << 21], models: 500) == 2)
    #expect(try pieces([4096, 4096], models: 500, .sketch) == 1)
    // The block of the spectrum lies in the first piece: 381 rows, of which it has 64.
    #expect(try pieces([4096, 11_008], models: 500, .spectrum, spectrum: 64) == 4)
  }

  /// Adding a piece's sums to the others' takes less than a hundredth of the time.
  @Test func piecesAreLargeEnough() throws {
    for models in [90, 300, 1000, 3000, 20_000] {
      for extents in [[4096, 4096], [100, 100], [1000, 300], [32_000, 4096]] {
        let count = try pieces(extents, models: models)
        let shape = try #require(TensorShape(extents))
        let shard = try #require(ShardGeometry.ranges(of: shape).first)
        #expect(count == 1 || shard.count / count >= 16_384, "\(models) models of \(extents)")
      }
    }
  }

  @Test func moreModelsAreNeverCutIntoFewerPieces() throws {
    var last = 1
    for models in stride(from: 2, to: 3000, by: 37) {
      let count = try pieces([4096, 4096], models: models)
      #expect(count >= last)
      last = count
    }
  }
}
