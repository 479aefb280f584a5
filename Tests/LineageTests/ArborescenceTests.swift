import Core
import Foundation
import Lineage
import System
import TestPrograms
import TestSeed
import Testing

@Suite struct ArborescenceTests {
  /// Roots and total cost of a forest; nil when it has a cycle or an edge that does not exist.
  static func weigh(_ parents: [Int?], _ cost: SquareMatrix) -> (roots: Int, total: Double)? {
    var total = 0.0
    for (child, parent) in parents.enumerated() {
      guard let parent else { continue }
      guard parent != child, cost[parent, child].isFinite else { return nil }
      total += cost[parent, child]
    }
    for start in parents.indices {
      var node: Int? = start
      for _ in parents.indices { node = node.flatMap { parents[$0] } }
      if node != nil { return nil }
    }
    return (parents.count { $0 == nil }, total)
  }

  /// The best of all parent assignments: fewest roots first, then least cost.
  static func bruteForce(_ cost: SquareMatrix) -> (roots: Int, total: Double)? {
    let n = cost.n
    var best: (roots: Int, total: Double)?
    var parents: [Int?] = Array(repeating: nil, count: n)
    func search(_ child: Int) {
      guard child < n else {
        guard let found = weigh(parents, cost) else { return }
        if best.map({ (found.roots, found.total) < ($0.roots, $0.total) }) ?? true { best = found }
        return
      }
      parents[child] = nil
      search(child + 1)
      for parent in 0..<n where parent != child && cost[parent, child].isFinite {
        parents[child] = parent
        search(child + 1)
      }
      parents[child] = nil
    }
    search(0)
    return best
  }

  /// Whole numbers, so that totals are exact and ties abound.
  static func costs(
    _ n: Int, upTo largest: Int, missing percent: Int, _ random: inout Seeded
  ) -> SquareMatrix {
    var cost = SquareMatrix(n)
    for p in cost.values.indices {
      let gone = Int.random(in: 0..<100, using: &random) < percent
      let odd = Bool.random(using: &random) ? Double.nan : .infinity
      cost.values[p] = gone ? odd : Double(Int.random(in: 0...largest, using: &random))
    }
    return cost
  }

  static func matrix(_ n: Int, _ edges: [(Int, Int, Double)]) -> SquareMatrix {
    var cost = SquareMatrix(n, filledWith: .nan)
    for (i, j, value) in edges { cost[i, j] = value }
    return cost
  }

  @Test(arguments: 1...6, [0, 40, 75])
  func noParentAssignmentIsBetter(n: Int, missing: Int) throws {
    var random = Seeded.fresh()
    for round in 0..<(n == 6 ? 12 : 60) {
      let cost = Self.costs(n, upTo: [1, 3, 10, 1000][round % 4], missing: missing, &random)
      let found = Self.weigh(Arborescence.parents(cost), cost)
      let best = try #require(Self.bruteForce(cost))
      #expect(found?.roots == best.roots, "\(cost.values), seed \(random.seed)")
      #expect(found?.total == best.total, "\(cost.values), seed \(random.seed)")
    }
  }

  @Test func negativeCostsAreCostsLikeOthers() throws {
    var random = Seeded.fresh()
    for _ in 0..<100 {
      var cost = Self.costs(5, upTo: 20, missing: 20, &random)
      for p in cost.values.indices { cost.values[p] -= 10 }
      let found = Self.weigh(Arborescence.parents(cost), cost)
      let best = try #require(Self.bruteForce(cost))
      #expect(found?.roots == best.roots && found?.total == best.total, "seed \(random.seed)")
    }
  }

  @Test func networkxFindsTheSameTotals() throws {
    struct Answer: Decodable {
      var roots: Int
      var total: Double
    }
    var random = Seeded.fresh()
    var matrices: [SquareMatrix] = []
    for n in [2, 3, 5, 8, 13, 20, 35, 60] {
      for (largest, missing) in [(3, 0), (1000, 0), (1000, 60), (20, 95)] {
        matrices.append(Self.costs(n, upTo: largest, missing: missing, &random))
      }
    }
    let question = matrices.map { cost in
      (0..<cost.n).map { i in (0..<cost.n).map { cost[i, $0].isFinite ? cost[i, $0] : nil } }
    }
    let answers = try Oracle.ask("arborescence_weights.py", question, [Answer].self)
    try #require(answers.count == matrices.count)
    for (cost, answer) in zip(matrices, answers) {
      let found = try #require(Self.weigh(Arborescence.parents(cost), cost))
      #expect(found.roots == answer.roots, "n \(cost.n), seed \(random.seed)")
      #expect(found.total == answer.total, "n \(cost.n), seed \(random.seed)")
    }
  }

  /// Edmonds' example ("Optimum branchings", 1967), in the form in which networkx tests it: the
  /// heaviest spanning arborescence weighs 131. Costs are weights with the sign turned.
  @Test func theExampleOfEdmondsPaperIsSolved() {
    let weights: [(Int, Int, Double)] = [
      (0, 2, 12), (0, 4, 12), (1, 0, 4), (1, 5, 13), (2, 1, 17), (2, 3, 21), (2, 5, 12), (3, 0, 5),
      (3, 4, 17), (3, 6, 18), (4, 7, 12), (5, 6, 14), (5, 8, 12), (6, 2, 21), (6, 8, 15), (7, 3, 19),
      (7, 6, 15), (8, 7, 18),
    ]
    for shift in [0.0, 10, 100] {
      let cost = Self.matrix(9, weights.map { ($0, $1, shift - $2) })
      let parents = Arborescence.parents(cost)
      #expect(parents == [nil, 2, 0, 2, 3, 1, 3, 8, 6])
      #expect(Self.weigh(parents, cost)?.total == 8 * shift - 131)
    }
  }

  /// Two cycles, one inside the other's contraction.
  @Test func nestedCyclesAreOpenedAtTheRightEdge() {
    let cost = Self.matrix(
      5,
      [
        (1, 2, 1), (2, 1, 1), (2, 3, 2), (3, 1, 2), (3, 4, 1), (4, 3, 1), (0, 1, 20), (0, 4, 12),
        (0, 2, 30),
      ])
    // 0 -> 4 -> 3 -> 1 -> 2 costs 12 + 1 + 2 + 1; entering at 1 costs 20 + 1 + 2 + 1.
    #expect(Arborescence.parents(cost) == [nil, 3, 1, 4, 0])
  }

  @Test func aCheapCycleIsBrokenWhereItCostsLeast() {
    // Entering at 3 is dearest, but it saves the cycle's dearest edge.
    let cost = Self.matrix(4, [(1, 2, 1), (2, 3, 5), (3, 1, 1), (0, 1, 10), (0, 2, 9), (0, 3, 11)])
    #expect(Arborescence.parents(cost) == [nil, 3, 1, 0])
  }

  @Test func whatNoEdgeReachesIsARoot() {
    #expect(Arborescence.parents(SquareMatrix(0)) == [])
    #expect(Arborescence.parents(SquareMatrix(1)) == [nil])
    #expect(Arborescence.parents(SquareMatrix(3, filledWith: .nan)) == [nil, nil, nil])
    #expect(Arborescence.parents(SquareMatrix(3, filledWith: .infinity)) == [nil, nil, nil])
    #expect(Arborescence.parents(Self.matrix(4, [(0, 1, 5), (3, 2, 7)])) == [nil, 0, 3, nil])
  }

  @Test func fewRootsMatterMoreThanCheapEdges() {
    // 0 -> 1 is free, but only 1 -> 0 leaves all under the root 2.
    let cost = Self.matrix(3, [(0, 1, 0), (1, 0, 900), (2, 1, 900)])
    #expect(Arborescence.parents(cost) == [1, 2, nil])
  }

  @Test func theDiagonalIsNotLookedAt() {
    var random = Seeded.fresh()
    for diagonal in [0, -1e9, Double.nan, .infinity] {
      var cost = Self.costs(7, upTo: 100, missing: 0, &random)
      let expected = Arborescence.parents(cost)
      for i in 0..<7 { cost[i, i] = diagonal }
      #expect(Arborescence.parents(cost) == expected, "seed \(random.seed)")
    }
  }

  @Test func renamingTheModelsKeepsTheTree() {
    var random = Seeded.fresh()
    for _ in 0..<50 {
      let n = Int.random(in: 2...30, using: &random)
      var cost = SquareMatrix(n)
      for p in cost.values.indices { cost.values[p] = Double.random(in: 0...1, using: &random) }
      let order = Array(0..<n).shuffled(using: &random)
      let original = Arborescence.parents(cost)
      let renamed = Arborescence.parents(cost.submatrix(order))
      let back = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
      for (child, parent) in original.enumerated() {
        let place = back[child] ?? -1
        #expect(renamed[place].map { order[$0] } == parent, "seed \(random.seed)")
      }
    }
  }

  @Test func tiesAreBrokenTheSameWayEachTime() {
    var random = Seeded.fresh()
    let cost = Self.costs(40, upTo: 1, missing: 0, &random)
    let first = Arborescence.parents(cost)
    for _ in 0..<5 { #expect(Arborescence.parents(cost) == first) }
    #expect(Arborescence.parents(SquareMatrix(4, filledWith: 1)).compactMap { $0 }.count == 3)
  }

  @Test func aThousandModelsAreSolved() throws {
    var random = Seeded.fresh()
    let cost = Self.costs(1000, upTo: 1_000_000, missing: 0, &random)
    let found = try #require(Self.weigh(Arborescence.parents(cost), cost))
    #expect(found.roots == 1)
    // No arborescence is cheaper than the cheapest entering edges of all but one node.
    let cheapest = (0..<1000).map { j in (0..<1000).filter { $0 != j }.map { cost[$0, j] }.min() ?? 0 }
    #expect(found.total >= cheapest.reduce(0, +) - (cheapest.max() ?? 0))
    #expect(found.total <= cheapest.reduce(0, +) * 1.5)
  }
}
