import Core
import Lineage
import TestSeed
import Testing

/// Siblings that learned the same, of which one got less far: it looks like the parent of the other one.
struct ContinuedStepsTests {
  private static let weights = 4096
  private static let chain: [Int?] = [nil, 0, 1]

  private static func step(_ random: inout Seeded, _ length: Double) -> [Double] {
    (0..<weights).map { _ in length * random.normal() }
  }

  private static func sum(_ parts: [Double]...) -> [Double] {
    (0..<weights).map { place in parts.reduce(0) { $0 + $1[place] } }
  }

  private static func found(_ models: [[Double]], excluded: Set<Int> = []) -> Set<Int> {
    let tensors = Synthetic(linear: models).sums
    var geometry = Merge.Geometry(models: models.count)
    let scope = Scope(tensors, models: models.count)
    for tensor in tensors { geometry.add(TensorView(tensor), scope) }
    return ContinuedSteps(geometry).run(parents: chain) { excluded.contains($0) }
  }

  @Test func stepsThatHaveNothingToDoWithEachOtherAreThoseOfAParentAndAChild() {
    var random = Seeded.fresh()
    let base = Self.step(&random, 1)
    let parent = Self.sum(base, Self.step(&random, 0.1))
    #expect(Self.found([base, parent, Self.sum(parent, Self.step(&random, 0.2))]).isEmpty, "seed \(random.seed)")
  }

  /// Two siblings have 0.1 of their steps in common and 0.05 of their own; the second one goes on for another 0.1 of the
  /// former: a cosine of about (0.1 * 0.1 - 0.05 * 0.05) / (0.11 * 0.12) = 0.55.
  @Test func aSiblingThatGotLessFarIsNoSureParent() {
    var random = Seeded.fresh()
    let base = Self.step(&random, 1)
    let common = Self.step(&random, 0.1)
    let near = Self.sum(base, common, Self.step(&random, 0.05))
    let far = Self.sum(base, common, common, Self.step(&random, 0.05))
    #expect(Self.found([base, near, far]) == [2], "seed \(random.seed)")
    #expect(Self.found([base, near, far], excluded: [1]).isEmpty)
  }

  @Test func aModelThatDidNotMoveHasNoDirection() {
    var random = Seeded.fresh()
    let base = Self.step(&random, 1)
    #expect(Self.found([base, base, Self.sum(base, Self.step(&random, 0.1))]).isEmpty)
  }
}
