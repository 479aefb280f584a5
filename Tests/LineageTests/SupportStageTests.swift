import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct SupportStageTests {
  /// Replicates that turn every third time: the shares are known.
  private struct Turning: Resampler {
    let usual: SquareMatrix
    let other: SquareMatrix
    let evidence: [Double]
    let bytesPerReplicate = 100

    func draw(_ number: Int, _ random: inout RandomStream) -> Int { number }

    func replicate(_ number: Int) -> Replicate<SquareMatrix> {
      let value = evidence[number % evidence.count]
      return Replicate(cost: number % 3 == 0 ? other : usual) { first, second in
        first == second ? 0 : first < second ? value : -value
      }
    }
  }

  @Test(arguments: [1, 3, 31, 32, 33, 99])
  func supportIsTheShareOfReplicatesInWhichTheEdgeAndItsOrderComeOut(replicates: Int) {
    let (forward, back) = (SquareMatrix(2, values: [0, 1, 2, 0]), SquareMatrix(2, values: [0, 2, 1, 0]))
    let graph = FamilyGraph(
      nodes: [4, 7], cost: forward, pricing: Cost(distances: forward, penalty: .step, lambda: 0),
      search: TreeSearch(unit: 0, members: [4, 7], merges: []) { _, _ in false })
    let tree = FamilyTree(graph, parents: graph.search.parents(forward))
    #expect(tree.parents == [nil, 0])
    let resampler = Turning(usual: forward, other: back, evidence: [1, 0, -1, -1])
    let found = Support(of: tree, resampler, replicates: replicates, seed: 1)
    let turned = (0..<replicates).count { $0 % 3 == 0 }
    let ordered = (0..<replicates).count { $0 % 4 < 2 }
    #expect(found.edges == [1, Double(replicates - turned) / Double(replicates)])
    #expect(
      found.directions == [1, Double(ordered) / Double(replicates)], "evidence of 0 does not speak against the edge")
  }
}
