import Core
import Lineage
import System
import TestSeed
import Testing

@Suite struct EventDetectionTests {
  private func events(
    _ models: [[Double]], findsRoundings: Bool = true, findsMerges: Bool = true
  ) throws -> (events: Events, evidence: SquareMatrix) {
    let tensors = Synthetic(linear: models, maps: 4, columns: 64).sums
    let problem = Problem.of(models: models.count, LineageOptions(families: 1))
    let method = LikelihoodMethod(problem)
    let totals = try TensorPass(problem, method).run(tensors)
    let families = FamilyGrouping(problem).run(totals)
    let pairs = try PairPass(method).run(tensors, totals, families)
    let detection = EventDetection(
      findsRoundings: findsRoundings, findsMerges: findsMerges, tokens: models.map { _ in 0 })
    return (detection.run(totals.comparison.geometry, pairs, families), pairs.evidence)
  }

  @Test func aRoundedCopyComesFromTheNearestSource() throws {
    var random = Seeded.fresh()
    let base = random.weights(16_384)
    let child = random.trained(base, by: 0.02)
    let copy = RoundingTests.integers(child, bits: 8, group: 64)
    let found = try events([base, child, copy]).events
    #expect(found.roundedFrom == [2: 1], "seed \(random.seed)")
    #expect(found.evidence[1, 2] == Events.certain && found.evidence[2, 1] == -Events.certain)
    #expect(found.evidence[0, 1] == -found.evidence[1, 0])
  }

  @Test func aMergeComesAfterItsParts() throws {
    var random = Seeded.fresh()
    let base = random.weights(16_384)
    let parts = [random.trained(base, by: 0.1), random.trained(base, by: 0.15)]
    let merge = zip(parts[0], parts[1]).map { 0.4 * $0 + 0.6 * $1 }
    let found = try events([base, parts[0], parts[1], merge]).events
    #expect(found.merges.map { $0.map(\.child) } == [[3]], "seed \(random.seed)")
    for part in [1, 2] {
      #expect(found.evidence[part, 3] == Events.certain && found.evidence[3, part] == -Events.certain)
    }
    #expect(!Events.isCertain(found.evidence[0, 1]), "training is not an event")
  }

  @Test func whatIsNotLookedForLeavesTheEvidenceAlone() throws {
    var random = Seeded.fresh()
    let base = random.weights(16_384)
    let copy = RoundingTests.integers(base, bits: 8, group: 64)
    let found = try events([base, copy], findsRoundings: false, findsMerges: false)
    #expect(found.events.roundedFrom.isEmpty && found.events.merges == [[]])
    #expect(found.events.evidence == found.evidence)
  }
}
