import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct ForestSearchTests {
  /// Two families, a copy in the first: parents are model numbers, and costs are in their places.
  @Test func treesOfFamiliesAndCopiesComeTogether() {
    let families = FamilyGroups(numbers: [0, 1, 0, 1, 0], duplicateOf: [nil, nil, nil, nil, 0])
    var cost = SquareMatrix(5, filledWith: 9)
    cost[2, 0] = 1
    cost[1, 3] = 2
    let method = FixedMethod(cost: cost)
    let findings = PairFindings(FixedPairs(distances: cost, evidence: SquareMatrix(5)))
    let events = Events(merges: [[], []], evidence: findings.evidence)
    let found = ForestSearch(method).run(families, findings, events)
    #expect(found.parents == [2, nil, nil, 1, 0])
    #expect(found.trees.map(\.nodes) == [[0, 2], [1, 3]])
    #expect(found.trees.map(\.parents) == [[1, nil], [nil, 0]])
    #expect(found.cost[2, 0] == 1 && found.cost[0, 1].isNaN && found.cost[0, 4] == 9)
    #expect(found.cost[4, 0].isNaN, "a copy has no children")
  }

  /// A copy of a copy hangs below the one that it is like, bit for bit: that edge has a cost, as all of the tree have.
  @Test func aCopyOfAMultipleHasACost() {
    let families = FamilyGroups(
      numbers: [0, 0, 0], duplicateOf: [nil, nil, 1], scaled: [.init(copy: 1, original: 0, isOrderKnown: true)])
    let cost = SquareMatrix(3, filledWith: 9)
    let findings = PairFindings(FixedPairs(distances: cost, evidence: SquareMatrix(3)))
    let events = Events(merges: [[]], evidence: findings.evidence)
    let found = ForestSearch(FixedMethod(cost: cost)).run(families, findings, events)
    #expect(found.parents == [nil, 0, 1])
    #expect(found.cost[0, 1] == 9 && found.cost[1, 2] == 9 && found.cost[1, 0].isNaN && found.cost[2, 1].isNaN)
  }
}

/// A method whose costs are given: what the stages do is seen without one of the program's own.
private struct FixedMethod: LineageMethod {
  let cost: SquareMatrix

  struct Totals: ComparisonTotals {
    var clusteringDistances = SquareMatrix(0)
    var scores: [Double] = []
    mutating func add(_ view: TensorView, _ scope: Scope) {}
  }

  func makeTotals(models n: Int) -> Totals { Totals() }

  func makePairs(_ totals: Totals, _ families: FamilyGroups, tensors: Int) -> FixedPairs {
    FixedPairs(distances: cost, evidence: SquareMatrix(cost.n))
  }

  func events(_ totals: Totals, _ pairs: PairFindings<FixedPairs>, _ families: FamilyGroups, copies: Set<Int>) -> Events
  {
    Events(merges: families.families.map { _ in [] }, evidence: pairs.evidence)
  }

  func graph(
    ofFamily number: Int, _ families: FamilyGroups, _ pairs: PairFindings<FixedPairs>, _ events: Events
  ) -> FamilyGraph {
    let family = families.families[number]
    return FamilyGraph(
      nodes: family.distinct, cost: cost.submatrix(family.members),
      pricing: Cost(distances: cost, penalty: .step, lambda: 0),
      search: TreeSearch(unit: 0, members: family.distinct, merges: []) { _, _ in false })
  }

  func suspects(_ trees: FamilyTrees, _ pairs: PairFindings<FixedPairs>, _ events: Events) -> Set<Int> { [] }

  func continuedSteps(_ trees: FamilyTrees, _ totals: Totals, excluded: (Int) -> Bool) -> Set<Int> { [] }

  func parentTests(_ trees: FamilyTrees, _ pairs: PairFindings<FixedPairs>) -> [ParentTest?] { [] }

  func resampler(_ tree: FamilyTree, _ pairs: PairFindings<FixedPairs>, _ events: Events) -> FixedResampler? { nil }
}

private struct FixedPairs: PairEvidence {
  var distances: SquareMatrix
  var evidence: SquareMatrix
  mutating func add(_ view: TensorView, _ scope: Scope) {}
}

private struct FixedResampler: Resampler {
  let bytesPerReplicate = 100
  func draw(_ number: Int, _ random: inout RandomStream) -> Int { number }
  func replicate(_ draw: Int) -> Replicate<SquareMatrix> { Replicate(cost: SquareMatrix(0)) { _, _ in 0 } }
}
