import Alignment
import Checkpoints
import Core
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

  private func layers(_ record: ModelRecord) -> [String] {
    record.commonNames.filter { $0.hasSuffix("down.weight") }.map {
      String($0.dropFirst("layers.".count).dropLast(".down.weight".count))
    }
  }

  @Test func prunedAndRepeatedLayersGetTheNumbersOfTheirContent() throws {
    var models = try records([
      network([1, 2, 3, 4]), network([1, 2, 3, 4], noise: 100), network([1, 2, 4], noise: 200),
      network([1, 2, 3, 2, 3, 4], noise: 300),
    ])
    try LayerMatching.align(&models)
    #expect(layers(models[1]) == ["0", "1", "2", "3"])
    #expect(layers(models[2]) == ["0", "1", "3"])
    #expect(layers(models[3]) == ["0", "1", "2", "1+1", "2+1", "3"])
    #expect(models[2].mayDescend(from: models[0]))
    #expect(!models[0].mayDescend(from: models[2]), "a dropped layer does not come back")
    #expect(models[3].mayDescend(from: models[0]))
    #expect(!models[0].mayDescend(from: models[3]), "a repeated layer stays")
    #expect(models[1].mayDescend(from: models[0]) && models[0].mayDescend(from: models[1]))
  }

  @Test func strangersWithOtherNumbersOfLayersKeepTheirs() throws {
    var models = try records([network([1, 2, 3, 4]), network([1, 2, 3, 4], noise: 9), network([5, 6, 7])])
    try LayerMatching.align(&models)
    #expect(models.allSatisfy { $0.aliases.isEmpty })
  }

  @Test func anyPrefixMayHaveBecomeAnyOther() throws {
    var models = try records([
      network([1, 2]), network([1, 2], prefix: "vision_tower.net."), network([1, 2], prefix: "model."),
    ])
    PrefixMatching.align(&models)
    #expect(Set(models.map(\.commonNames)).count == 1)
  }

  @Test func namesThatAgreeAlreadyAreLeft() throws {
    var models = try records([network([1, 2]), network([1, 2, 3]), network([1, 2], prefix: "transformer.")])
    PrefixMatching.align(&models)
    #expect(models.allSatisfy { $0.aliases.isEmpty })
  }
}
