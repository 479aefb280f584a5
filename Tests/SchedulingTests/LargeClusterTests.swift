import Core
import Scheduling
import System
import TestSeed
import Testing
import VirtualCluster

@Suite struct LargeClusterTests {
  @Test func aThousandWorkersFinishThreeRunsNearlyAsFastAsTheyCould() throws {
    let seeds = Seeded.fresh()
    let jobs = [4_000, 12_000, 24_000]
    let total = jobs.reduce(0, +)
    var cluster = VirtualCluster(.init(workers: 1_000, jobs: jobs, seed: seeds.seed))
    cluster.run()
    let comment: Comment = "seed \(seeds.seed)"
    #expect(cluster.scheduler.violation() == nil, comment)
    #expect(cluster.setAside == 0, comment)
    #expect(cluster.accepted.count == total && cluster.accepted.values.allSatisfy { $0 == 1 }, comment)
    // At the end the slowest take 25 s for a task, and it takes 30 s until the last ones are handed
    // out twice.
    #expect(cluster.now < 1.1 * cluster.ideal + 30 + 25, comment)
    // Deaths, and what slow workers held at the end: little is computed twice.
    #expect(Double(cluster.computations) < 1.05 * Double(total), comment)
    #expect(cluster.mostHeld <= VirtualCluster.credit + 1, comment)
    // The small run did not wait for the large ones.
    let ends = (0..<3).map { cluster.finished[$0] ?? .infinity }
    #expect(ends[0] < ends[1] && ends[1] < ends[2], comment)
  }
}
