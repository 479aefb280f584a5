import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct TreeSearchTests {
  /// All ways to give m nodes one parent each, or none to the root.
  private static func trees(_ m: Int) -> [[Int?]] {
    var all: [[Int?]] = [[]]
    for child in 0..<m {
      all = all.flatMap { head in ([nil] + (0..<m).filter { $0 != child }.map { Optional($0) }).map { head + [$0] } }
    }
    return all.filter { parents in
      guard parents.count(where: { $0 == nil }) == 1 else { return false }
      return parents.indices.allSatisfy { node in
        var above = node
        for _ in 0...m {
          guard let next = parents[above] else { return true }
          above = next
        }
        return false
      }
    }
  }

  private static func cost(_ parents: [Int?], _ cost: SquareMatrix, unit: Double) -> Double {
    var sizes = Array(repeating: 1.0, count: parents.count)
    var sum = 0.0
    for (child, parent) in parents.enumerated() {
      if let parent { sum += cost[parent, child] }
      var node = child
      while let above = parents[node] {
        sizes[above] += 1
        node = above
      }
    }
    return sizes.reduce(sum) { $0 + unit * log($1) }
  }

  private static func log(_ value: Double) -> Double {
    // By the series of 2 artanh((x - 1) / (x + 1)): nothing that the program uses.
    let z = (value - 1) / (value + 1)
    return (0..<200).reduce(0) { sum, k in
      var power = z
      for _ in 0..<2 * k { power *= z }
      return sum + 2 * power / Double(2 * k + 1)
    }
  }

  private static func random(_ m: Int, _ random: inout Seeded) -> SquareMatrix {
    SquareMatrix(m, values: (0..<m * m).map { _ in Double.random(in: 1...2, using: &random) })
  }

  @Test func withoutAPriorTheTreeIsTheCheapestOfAllTrees() throws {
    var random = Seeded.fresh()
    for m in 2...5 {
      let trees = Self.trees(m)
      for _ in 0..<20 {
        let cost = Self.random(m, &random)
        let search = TreeSearch(unit: 0, members: Array(0..<m), merges: []) { _, _ in false }
        let least = try #require(trees.map { Self.cost($0, cost, unit: 0) }.min())
        let found = search.parents(cost)
        #expect(abs(Self.cost(found, cost, unit: 0) - least) < 1e-12, "m \(m), seed \(random.seed)")
      }
    }
  }

  /// Among the cheapest tree of every root, the one whose shape is likeliest; all roots are near in small trees.
  @Test func thePriorOfShapesChoosesAmongTheRoots() throws {
    var random = Seeded.fresh()
    let m = 5
    let trees = Self.trees(m)
    for _ in 0..<40 {
      let (cost, unit) = (Self.random(m, &random), 0.3)
      let search = TreeSearch(unit: unit, members: Array(0..<m), merges: []) { _, _ in false }
      let best = try (0..<m).map { root in
        try #require(
          trees.filter { $0[root] == nil }.min { Self.cost($0, cost, unit: 0) < Self.cost($1, cost, unit: 0) })
      }
      let least = try #require(best.map { Self.cost($0, cost, unit: unit) }.min())
      let found = search.parents(cost)
      #expect(abs(Self.cost(found, cost, unit: unit) - least) < 1e-9, "seed \(random.seed)")
    }
  }

  /// By model numbers, which are not the places in the matrix.
  @Test func forbiddenEdgesAreLeftOut() throws {
    var random = Seeded.fresh()
    let members = [3, 5, 8, 13]
    for _ in 0..<40 {
      let cost = Self.random(4, &random)
      let search = TreeSearch(unit: 0, members: members, merges: []) { from, to in from > to }
      let allowed = Self.trees(4).filter {
        $0.enumerated().allSatisfy { child, parent in parent.map { $0 < child } ?? true }
      }
      let least = try #require(allowed.map { Self.cost($0, cost, unit: 0) }.min())
      let found = search.parents(cost)
      #expect(allowed.contains { $0 == found }, "seed \(random.seed)")
      #expect(abs(Self.cost(found, cost, unit: 0) - least) < 1e-12, "seed \(random.seed)")
    }
  }
}
