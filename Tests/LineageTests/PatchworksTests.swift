import Core
import Lineage
import TestSeed
import Testing

/// Models that hold tensors of two relatives, bit for bit.
struct PatchworksTests {
  private static let maps = 12
  private static let weights = 1024

  /// - Parameter models: a network's maps, one after another, per model.
  private static func found(_ models: [[[Double]]], parents: [Int?]) -> Set<Int> {
    var copies = QuantizedCopies(models: models.count)
    for map in 0..<maps {
      for tensor in Synthetic(linear: models.map { $0[map] }).sums { copies.add(tensor) }
    }
    let families = FamilyGroups(numbers: models.map { _ in 0 }, duplicateOf: models.map { _ in nil })
    return Patchworks(copies).run(parents: parents, families) { _ in false }
  }

  private static func network(_ random: inout Seeded) -> [[Double]] {
    (0..<maps).map { _ in random.trainedWeights(weights) }
  }

  private static func trained(_ network: [[Double]], _ random: inout Seeded) -> [[Double]] {
    network.map { random.trained($0, by: 0.2) }
  }

  @Test func layersOfTwoSiblingsMakeAPatchwork() {
    var random = Seeded.fresh()
    let base = Self.network(&random)
    let (first, second) = (Self.trained(base, &random), Self.trained(base, &random))
    let fresh = Self.trained(base, &random)
    let stack = Array(first[0..<4] + second[4..<8] + fresh[8...])
    #expect(Self.found([base, first, second, stack], parents: [nil, 0, 0, 1]) == [3], "seed \(random.seed)")
  }

  @Test func layersThatTheParentAloneHasAreThoseOfAnyFineTune() {
    var random = Seeded.fresh()
    let base = Self.network(&random)
    let (first, second) = (Self.trained(base, &random), Self.trained(base, &random))
    let tuned = Array(first[0..<8] + Self.trained(first, &random)[8...])
    #expect(Self.found([base, first, second, tuned], parents: [nil, 0, 0, 1]).isEmpty, "seed \(random.seed)")
  }
}
