import Core
import Lineage
import TestSeed
import Testing

@Suite struct ContractionTests {
  /// The same edges as entries of a sparse matrix; what is no edge in one direction is none of its entries' values.
  /// Bounds are as far below as comes out by chance, or not at all.
  static func sparse(_ cost: SquareMatrix, _ random: inout Seeded) -> BoundedCosts {
    var pairs: [(a: Int, b: Int)] = []
    PairIndex(cost.n).forEach { _, a, b in
      if cost[a, b].isFinite || cost[b, a].isFinite { pairs.append((a, b)) }
    }
    let pattern = SparseMatrix.Pattern(cost.n, pairs: pairs)
    var matrix = SparseMatrix(pattern)
    for (pair, place) in zip(pairs, pattern.places) {
      matrix.values[place.forward] = cost[pair.a, pair.b]
      matrix.values[place.backward] = cost[pair.b, pair.a]
    }
    var bounds = matrix
    for place in bounds.values.indices {
      bounds.values[place] -= Double(
        [0, 1, Int.random(in: 0...1000, using: &random)][Int.random(in: 0..<3, using: &random)])
    }
    return BoundedCosts(bounds) { matrix.values[$0] }
  }

  /// The same graph without edges into a node.
  private static func rooted(_ cost: SquareMatrix, at root: Int) -> SquareMatrix {
    var changed = cost
    for i in 0..<cost.n { changed[i, root] = .nan }
    return changed
  }

  @Test(arguments: 1...6, [0, 40, 75])
  func noParentAssignmentIsBetterThanTheSparseOne(n: Int, missing: Int) throws {
    var random = Seeded.fresh()
    for round in 0..<(n == 6 ? 12 : 60) {
      var cost = ArborescenceTests.costs(n, upTo: [1, 3, 10, 1000][round % 4], missing: missing, &random)
      if round % 5 == 0 { for p in cost.values.indices { cost.values[p] -= 3 } }
      let found = ArborescenceTests.weigh(Self.sparse(cost, &random).contraction.parents(), cost)
      let best = try #require(ArborescenceTests.bruteForce(cost))
      #expect(found?.roots == best.roots, "\(cost.values), seed \(random.seed)")
      #expect(found?.total == best.total, "\(cost.values), seed \(random.seed)")
    }
  }

  @Test func sparseAndDenseGraphsHaveTheSameTrees() throws {
    var random = Seeded.fresh()
    for n in [2, 10, 50, 200, 400] {
      for missing in [0, 50, 90, 98] {
        var cost = ArborescenceTests.costs(n, upTo: 10, missing: missing, &random)
        // Without ties there is one best tree.
        for p in cost.values.indices { cost.values[p] += Double.random(in: 0..<1, using: &random) }
        #expect(
          Self.sparse(cost, &random).contraction.parents() == Arborescence.parents(cost), "n \(n), seed \(random.seed)")
      }
    }
  }

  @Test(arguments: 2...5, [0, 30])
  func everyRootHasItsOwnCheapestTree(n: Int, missing: Int) throws {
    var random = Seeded.fresh()
    for round in 0..<60 {
      let cost = ArborescenceTests.costs(n, upTo: [1, 10, 1000][round % 3], missing: missing, &random)
      let contractions = [cost.contraction, Self.sparse(cost, &random).contraction]
      let free = try #require(ArborescenceTests.bruteForce(cost))
      for root in 0..<n {
        let best = try #require(ArborescenceTests.bruteForce(Self.rooted(cost, at: root)))
        for contraction in contractions {
          let found = contraction.parents(root: root)
          guard let found else {
            #expect(best.roots > free.roots, "root \(root), \(cost.values), seed \(random.seed)")
            continue
          }
          let weight = ArborescenceTests.weigh(found, cost)
          #expect(found[root] == nil)
          #expect(weight?.roots == free.roots, "root \(root), \(cost.values), seed \(random.seed)")
          #expect(weight?.total == best.total, "root \(root), \(cost.values), seed \(random.seed)")
        }
      }
    }
  }

  @Test func costsAreAskedForOnlyWhereAnEdgeMayBeTaken() {
    var random = Seeded.fresh()
    for n in [2, 5, 40] {
      // From every node the one before is the nearest by far.
      var cost = SquareMatrix(n)
      PairIndex(n).forEach { _, a, b in
        cost[a, b] = Double(10 * (b - a)) + Double.random(in: 0..<1, using: &random)
        cost[b, a] = cost[a, b] + 5
      }
      let pattern = SparseMatrix.Pattern(n, pairs: (0..<n).flatMap { a in (a + 1..<n).map { (a, $0) } })
      var bounds = SparseMatrix(pattern)
      var exact: [Int: Double] = [:]
      PairIndex(n).forEach { pair, a, b in
        let place = pattern.places[pair]
        (exact[place.forward], exact[place.backward]) = (cost[a, b], cost[b, a])
        (bounds.values[place.forward], bounds.values[place.backward]) = (cost[a, b] - 5, cost[b, a] - 5)
      }
      var asked: Set<Int> = []
      let costs = BoundedCosts(bounds) { place in
        asked.insert(place)
        return exact[place] ?? .nan
      }
      #expect(costs.contraction.parents() == Arborescence.parents(cost), "n \(n), seed \(random.seed)")
      #expect(asked.count <= 6 * n, "n \(n), seed \(random.seed)")
    }
  }

  @Test func entriesOfASparseMatrixAreThoseThatWereSet() {
    var random = Seeded.fresh()
    for n in [1, 2, 7, 30] {
      let cost = ArborescenceTests.costs(n, upTo: 9, missing: 60, &random)
      var sparse = Self.sparse(cost, &random)
      for i in 0..<n {
        for j in 0..<n where i != j {
          #expect(
            sparse[i, j] == cost[i, j] || !cost[i, j].isFinite && !sparse[i, j].isFinite, "seed \(random.seed)")
        }
      }
      let (child, kept) = (Int.random(in: 0..<n, using: &random), Int.random(in: 0..<n, using: &random))
      sparse.keepEdges(to: child, from: [kept])
      for i in 0..<n where i != child { #expect(sparse[i, child].isFinite == (i == kept && cost[i, child].isFinite)) }
      sparse.removeEdge(from: kept, to: child)
      #expect(!sparse[kept, child].isFinite)
    }
  }
}
