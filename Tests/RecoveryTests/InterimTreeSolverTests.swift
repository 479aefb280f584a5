import Checkpoints
import Coordination
import Core
import Graph
import Lineage
import Monitoring
import Recovery
import Storage
import System
import Testing
import TestSupport

/// What a run in progress already says.
struct InterimTreeSolverTests {
  @Test func theFinishedTensorsGiveATreeAndTheUnfinishedOnesAreLeftOut() throws {
    let folder = try TemporaryFolder()
    let run = ComputedRun(folder: folder)
    let invocation = Invocation(inputs: [try folder.makeFamily(layers: 4)], lineage: LineageOptions())
    let directory = try RunDirectory(path: folder.at("run"), redo: false)
    let comparison = try run.open(invocation, directory)
    let solver = InterimTreeSolver(comparison.plan, journal: directory.journal, options: invocation.lineage)
    #expect(solver.tree(moreThan: 0) == nil, "nothing is finished yet")

    try run.compute(comparison, tensors: 0..<3)
    let tree = try #require(solver.tree(moreThan: 0))
    #expect(tree.tensorsUsed == 3 && tree.tensors == 4)
    #expect(tree.families.count == 1)
    let family = try #require(tree.families.first)
    #expect(family.models == 3 && family.edges.count == 2)
    #expect(!family.edges.contains { $0.child == family.root })
    #expect(solver.tree(moreThan: 3) == nil, "nothing is new")

    try run.compute(comparison)
    #expect(solver.tree(moreThan: 0) == nil, "the whole tree is not an interim one")
  }
}
