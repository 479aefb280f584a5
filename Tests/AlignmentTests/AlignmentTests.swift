import Alignment
import Checkpoints
import Core
import Naming
import Storage
import System
import TestSupport
import Testing

/// Models whose names or layers differ are brought onto common names.
struct AlignmentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A network of layers given by their seeds.
  private func network(_ layers: [UInt64], prefix: String = "model.", noise: UInt64? = nil) -> [TestTensor] {
    layers.enumerated().flatMap { place, seed in
      ["down.weight", "up.weight"].enumerated().map { kind, name in
        var random = SeededRandom(seed * 2 + UInt64(kind))
        var other = SeededRandom((noise ?? 0) + UInt64(place))
        let values = (0..<1024).map { _ in
          random.nextWeight() + (noise == nil ? 0 : 0.1 * other.nextWeight())
        }
        return TestTensor("\(prefix)layers.\(place).\(name)", .f32, [32, 32], values)
      }
    }
  }

  private func records(_ models: [[TestTensor]]) throws -> [ModelRecord] {
    try Models.make(models, in: folder)
  }

  private func layers(_ map: AlignmentMap) -> [CanonicalLayer] {
    map.tensors.filter { $0.part == ".down.weight" }.compactMap(\.layer)
  }

  @Test func prunedAndRepeatedLayersGetTheNumbersOfTheirContent() throws {
    let models = try Aligner.aligned(
      records([
        network([1, 2, 3, 4]), network([1, 2, 3, 4], noise: 100), network([1, 2, 4], noise: 200),
        network([1, 2, 3, 2, 3, 4], noise: 300),
      ])
    ).maps
    let plain = (0..<4).map { CanonicalLayer($0) }
    #expect(layers(models[1]) == plain)
    #expect(layers(models[2]) == [plain[0], plain[1], plain[3]])
    #expect(
      layers(models[3])
        == plain[...2] + [CanonicalLayer(1, copy: 1), CanonicalLayer(2, copy: 1), plain[3]])
    #expect(models[3].layers.map(\.own) == Array(0..<6))
    #expect(models[2].mayDescend(from: models[0]))
    #expect(!models[0].mayDescend(from: models[2]), "a dropped layer does not come back")
    #expect(models[3].mayDescend(from: models[0]))
    #expect(!models[0].mayDescend(from: models[3]), "a repeated layer stays")
    #expect(models[1].mayDescend(from: models[0]) && models[0].mayDescend(from: models[1]))
  }

  /// A model that is matched to one with repeated layers may repeat the same ones again.
  @Test func aLayerThatComesAThirdTimeIsAnotherCopy() throws {
    let maps = try Aligner.aligned(
      records([network([1, 2, 1]), network([1, 2, 1], noise: 5), network([1, 2, 1, 2, 1], noise: 7)])
    ).maps
    let places = layers(maps[2])
    #expect(Set(places).count == places.count, "\(places)")
    #expect(Set(maps[2].tensors).count == maps[2].tensors.count)
  }

  @Test func strangersWithOtherNumbersOfLayersKeepTheirs() throws {
    let models = try records([network([1, 2, 3, 4]), network([1, 2, 3, 4], noise: 9), network([5, 6, 7])])
    let maps = try Aligner.aligned(models).maps
    #expect(maps.map(\.tensors) == AlignmentMap.named(models).map(\.tensors))
  }

  @Test func anyPrefixMayHaveBecomeAnyOther() throws {
    let models = try Aligner.aligned(
      records([
        network([1, 2]), network([1, 2], prefix: "vision_tower.net."), network([1, 2], prefix: "model."),
      ])
    ).maps
    #expect(Set(models.map(\.tensors)).count == 1)
  }

  @Test func namesThatAgreeAlreadyAreLeft() throws {
    let models = try records([network([1, 2]), network([1, 2, 3]), network([1, 2], prefix: "transformer.")])
    let places = { (maps: [AlignmentMap]) in maps.map { $0.tensors.map { [$0.stack, $0.part] } } }
    #expect(try places(Aligner.aligned(models).maps) == places(AlignmentMap.named(models)))
  }
}
