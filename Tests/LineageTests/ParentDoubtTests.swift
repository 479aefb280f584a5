import Core
import Lineage
import System
import TestSeed
import Testing

/// Parents that are not in the collection.
@Suite struct ParentDoubtTests {
  private func trees(_ parents: [Int?]) -> FamilyTrees {
    let n = parents.count
    let distances = SquareMatrix(n, filledWith: 1)
    let graph = FamilyGraph(
      nodes: Array(0..<n), cost: distances, pricing: Cost(distances: distances, penalty: .softplus, lambda: 0.3),
      search: TreeSearch(unit: 0, members: Array(0..<n), merges: []) { _, _ in false })
    return FamilyTrees(trees: [FamilyTree(graph, parents: parents)], parents: parents, cost: distances)
  }

  private func doubt(
    _ parents: [Int?], energies: [Double], evidence: Double, siblings: Set<Int> = []
  ) -> ParentDoubt {
    var matrix = SquareMatrix(parents.count)
    for (child, parent) in parents.enumerated() {
      guard let parent else { continue }
      matrix[parent, child] = evidence
      matrix[child, parent] = -evidence
    }
    let tests = zip(parents, energies).map { parent, odds in
      parent.map { _ in ParentTest(energies: odds, tables: 1.1) }
    }
    return ParentDoubt(
      trees(parents), tests, distances: SquareMatrix(parents.count, filledWith: 1),
      Events(merges: [[]], evidence: matrix), siblings: siblings)
  }

  /// Ranks tell that three paths meet elsewhere, not whether the point comes before the model above.
  @Test func siblingsByTheirRanksImplyAnAncestor() throws {
    let parents: [Int?] = [nil, 0, 0, 2]
    let known = doubt(parents, energies: [0, -1.5, -1.2, -1.6], evidence: 20, siblings: [1, 2, 3])
    let absent = known.absentParents(trees(parents))
    #expect(absent.map(\.sibling) == [0] && absent.map(\.orphans) == [[1, 2, 3]])
    #expect(absent.allSatisfy { $0.isBetween })
    let before = doubt(parents, energies: [0, 4, 5, 5], evidence: 2, siblings: [1, 2, 3]).absentParents(trees(parents))
    #expect(before.map(\.orphans) == [[1, 2, 3]] && !before[0].isBetween)
  }

  @Test func aParentThatExplainsItsChildrenIsNotDoubted() {
    let found = doubt([nil, 0, 0, 0], energies: [0, -1.5, -1.2, -1.6], evidence: 20)
    #expect(found.probability.allSatisfy { $0 < 0.1 })
    #expect(found.absentParents(trees([nil, 0, 0, 0])).isEmpty)
    #expect((1...3).allSatisfy { found.discount($0) > 0.9 })
  }

  @Test func childrenThatLookLikeSiblingsImplyAnAncestor() throws {
    let found = doubt([nil, 0, 0, 1], energies: [0, 4, 5, -1.5], evidence: 4)
    let absent = try #require(found.absentParents(trees([nil, 0, 0, 1])).first)
    #expect(absent.sibling == 0 && absent.orphans == [1, 2])
    #expect(absent.support > 0.7 && found.discount(1) < 0.6)
  }

  @Test func modelsThatShareOnlyAPartImplyNoAncestor() {
    let parents: [Int?] = [nil, 0, 0, 1]
    let tests = zip(parents, [0, 4, 5, -1.5]).map { parent, odds in
      parent.map { _ in ParentTest(energies: odds, tables: 1.1) }
    }
    let found = ParentDoubt(
      trees(parents), tests, distances: SquareMatrix(4, filledWith: 1),
      Events(merges: [[]], evidence: SquareMatrix(4)), silent: [1, 2])
    #expect(found.absentParents(trees(parents)).isEmpty && found.discount(1) < 0.7)
  }

  @Test func aModelIsTheChildOfOneAbsentAncestorAtMost() {
    let parents: [Int?] = [nil, 0, 1, 2]
    let absent = doubt(parents, energies: [0, 5, 5, 5], evidence: 1).absentParents(trees(parents))
    let all = absent.flatMap { [$0.sibling] + $0.orphans }
    #expect(!absent.isEmpty && Set(all).count == all.count)
  }

  @Test func whatAnEventProvesIsNotDoubted() {
    let found = doubt([nil, 0], energies: [0, 5], evidence: Events.certain)
    #expect(found.probability == [0, 0])
  }

  /// Three siblings whose updates have about the same size, without their parent.
  @Test func theEnergiesOfSiblingsSpeakForSiblings() throws {
    var random = Seeded.fresh()
    let parent = random.trainedWeights(16_384)
    let siblings = (0..<3).map { _ in random.trained(parent, by: 0.15) }
    let without = try solve(Synthetic(linear: siblings, maps: 8, columns: 32).sums, models: 3)
    let with = try solve(Synthetic(linear: [parent] + siblings, maps: 8, columns: 32).sums, models: 4)
    let odds = without.parentTests.compactMap { $0?.energies }
    let ofParent = with.parentTests.compactMap { $0?.energies }
    #expect(ofParent.count == 3 && odds.count == 2, "seed \(random.seed)")
    #expect((odds.min() ?? 0) > (ofParent.max() ?? 0), "seed \(random.seed)")
  }
}
