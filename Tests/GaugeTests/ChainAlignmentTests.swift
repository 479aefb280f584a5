import Checkpoints
import Core
import Gauge
import Storage
import TestSeed
import TestSupport
import Testing

/// Networks of maps one after the other, with their units in another order and scale, are found and restored.
struct ChainAlignmentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func removal(_ models: [ModelRecord]) throws -> DisguiseRemoval.Outcome {
    try DisguiseRemoval.apply(to: models, folder: folder.at("aligned"))
  }

  @Test(arguments: TinyChain.Kind.allCases)
  func aDisguisedCopyIsTheSameAgain(_ kind: TinyChain.Kind) throws {
    var random = Seeded.fresh()
    let chain = TinyChain(kind, using: &random)
    let plain = try chain.write("plain", in: folder)
    let copy = try chain.disguised(using: &random).write("copy", in: folder)
    #expect(try largestDifference(copy, plain) > 0.1)
    let outcome = try removal([plain, copy])
    let restored = try #require(outcome.models[1].restored)
    #expect(restored.restoration.transforms == ["permuted", "scaled"])
    #expect(restored.restoration.reference == plain.id)
    #expect(restored.restoration.probability < 1e-9)
    #expect(try largestDifference(outcome.models[1], plain) < 1e-4)
    #expect(outcome.models[0].tensors == plain.tensors)
    #expect(outcome.notes.map(\.subject) == [copy.id])
  }

  /// What a disguised child differs by from its parent is what training has changed, and nothing more.
  @Test(arguments: TinyChain.Kind.allCases)
  func aDisguisedChildIsAsFarAwayAsItWas(_ kind: TinyChain.Kind) throws {
    var random = Seeded.fresh()
    let root = TinyChain(kind, using: &random)
    let child = root.trained(by: 0.1, using: &random)
    let models = [
      try root.write("root", in: folder), try root.trained(by: 0.2, using: &random).write("sibling", in: folder),
      try child.disguised(using: &random).write("child", in: folder),
    ]
    let outcome = try removal(models)
    #expect(outcome.models.map { $0.restored != nil } == [false, false, true])
    let plain = try child.write("plain", in: folder)
    // Scales are taken from the lengths of rows that training has moved by a tenth.
    #expect(try largestDifference(outcome.models[2], plain) < 0.2)
  }

  @Test(arguments: TinyChain.Kind.allCases)
  func strangersAreLeftAlone(_ kind: TinyChain.Kind) throws {
    var random = Seeded.fresh()
    var models: [ModelRecord] = []
    for number in 0..<6 { models.append(try TinyChain(kind, using: &random).write("m\(number)", in: folder)) }
    let outcome = try removal(models)
    #expect(outcome.models.map(\.tensors) == models.map(\.tensors))
    #expect(outcome.notes.isEmpty)
  }
}
