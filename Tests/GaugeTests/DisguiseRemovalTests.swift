import Checkpoints
import Core
import Encodings
import Foundation
import Gauge
import Spectra
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// What a disguise has changed is found and undone; strangers stay as they are.
struct DisguiseRemovalTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func removal(_ models: [ModelRecord]) throws -> DisguiseRemoval.Outcome {
    try DisguiseRemoval.apply(to: models, folder: folder.at("aligned"))
  }

  private enum Disguise: CaseIterable {
    case units, littleScales, heads, order, folded, turned, all
  }

  private func disguised(_ network: TinyNetwork, _ disguise: Disguise, _ random: inout Seeded) throws -> TinyNetwork {
    var other = network
    if disguise == .units || disguise == .all { other.permuteUnits(using: &random) }
    if disguise == .littleScales { other.permuteUnits(spread: 0.05, using: &random) }
    if disguise == .heads || disguise == .all { other.permuteHeads() }
    if disguise == .order { other.permuteResidual(using: &random) }
    if disguise == .folded { other.foldNorms() }
    if disguise == .turned || disguise == .all {
      other.foldNorms()
      other.turnResidual(try TinyNetwork.turn(using: &random))
    }
    return other
  }

  @Test func aDisguisedCopyIsTheSameAgain() throws {
    var random = Seeded.fresh()
    let network = TinyNetwork(using: &random)
    let expected: [Disguise: [String]] = [
      .units: ["permuted", "scaled"], .littleScales: ["permuted", "scaled"], .heads: ["permuted"],
      .order: ["permuted"], .folded: ["folded"], .turned: ["rotated", "folded"],
      .all: ["permuted", "rotated", "scaled", "folded"],
    ]
    for disguise in Disguise.allCases {
      let plain = try network.write("plain-\(disguise)", in: folder)
      let copy = try disguised(network, disguise, &random).write("copy-\(disguise)", in: folder)
      let outcome = try removal([plain, copy])
      let restored = try #require(outcome.models[1].restored, "\(disguise)")
      #expect(restored.restoration.transforms == expected[disguise])
      #expect(restored.restoration.reference == plain.id)
      #expect(restored.restoration.probability < 1e-9)
      #expect(restored.original == copy.tensors)
      #expect(try largestDifference(outcome.models[1], plain) < 1e-4, "\(disguise)")
      #expect(outcome.models[0].tensors == plain.tensors)
      #expect(outcome.notes.map(\.subject) == [copy.id])
    }
  }

  @Test func aCopyUnderTheNamesOfOPTIsTheSameAgain() throws {
    var random = Seeded.fresh()
    let network = TinyNetwork(using: &random)
    for disguise in [Disguise.heads, .order, .folded] {
      let plain = try network.writeAsOPT("plain-\(disguise)", in: folder)
      let copy = try disguised(network, disguise, &random).writeAsOPT("copy-\(disguise)", in: folder)
      let outcome = try removal([plain, copy])
      #expect(outcome.models[1].restored != nil, "\(disguise), seed \(random.seed)")
      #expect(try largestDifference(outcome.models[1], plain) < 1e-4, "\(disguise), seed \(random.seed)")
    }
  }

  /// The whole group moves by the change that was found for one of its members.
  @Test func descendantsOfADisguisedModelFollowIt() throws {
    var random = Seeded.fresh()
    let network = TinyNetwork(using: &random)
    let child = network.trained(by: 0.1, using: &random)
    let hidden = try disguised(child, .all, &random)
    let grandchild = hidden.trained(by: 0.05, using: &random)
    var models = [
      try network.write("root", in: folder), try network.trained(by: 0.2, using: &random).write("sibling", in: folder),
    ]
    models.append(try network.trained(by: 0.1, using: &random).write("other", in: folder))
    models.append(try hidden.write("hidden", in: folder))
    models.append(try grandchild.write("grandchild", in: folder))
    let outcome = try removal(models)
    let restored = outcome.models.compactMap { $0.restored?.restoration }
    #expect(outcome.models.map { $0.restored != nil } == [false, false, false, true, true])
    #expect(Set(restored.map(\.group)).count == 1)
    #expect(restored.allSatisfy { $0.reference == "root" && $0.likeness > 0.5 })
  }

  /// Heads and units of another network have no partners here: they stay as they came.
  @Test(arguments: ["self_attn", "layers.0."])
  func partsOfAnotherNetworkAreNoDisguise(_ part: String) throws {
    var random = Seeded.fresh()
    let network = TinyNetwork(using: &random)
    let stranger = TinyNetwork(using: &random)
    var mixed = network.trained(by: 0.02, using: &random)
    for name in mixed.tensors.keys where name.contains(part) && name.contains("proj") {
      mixed.tensors[name] = stranger.tensors[name]
    }
    let models = [
      try network.write("root", in: folder), try network.trained(by: 0.05, using: &random).write("child", in: folder),
      try mixed.write("mixed", in: folder),
    ]
    let outcome = try removal(models)
    #expect(outcome.models.map(\.tensors) == models.map(\.tensors), "seed \(random.seed)")
  }

  /// Norms that have learned nothing yet look like norms whose gains were folded, but for the maps that read them.
  @Test func gainsThatAreNotThereYetAreNoDisguise() throws {
    var random = Seeded.fresh()
    var first = TinyNetwork(using: &random)
    for name in first.tensors.keys where name.contains("norm") {
      first.tensors[name] = first.tensors[name]?.map { $0.map { _ in 1 } }
    }
    let trained = first.trained(by: 0.3, using: &random)
    let models = [
      try first.write("first", in: folder), try trained.write("trained", in: folder),
      try trained.trained(by: 0.2, using: &random).write("again", in: folder),
    ]
    let outcome = try removal(models)
    #expect(outcome.models.map(\.tensors) == models.map(\.tensors))
    #expect(outcome.notes.isEmpty)
  }

  /// Else rows that training never touched would not count as parallel in models of half precision.
  @Test func restoredWeightsAreKnownToBeAsCoarseAsTheyWere() throws {
    var random = Seeded.fresh()
    let network = TinyNetwork(using: &random)
    let hidden = try disguised(network, .all, &random)
    let models = [
      try network.write("plain", as: .bf16, in: folder), try hidden.write("hidden", as: .bf16, in: folder),
    ]
    let restored = try removal(models).models[1].tensors
    #expect(restored != models[1].tensors)
    for (tensor, original) in zip(restored, models[1].tensors) {
      #expect(original.collinearity == Encoding.bf16.collinearity)
      #expect(tensor.collinearity == original.collinearity && tensor.elementType == .f32, "\(tensor.name)")
      #expect(tensor.plainPlace != nil)
    }
  }

  @Test func strangersAreLeftAlone() throws {
    var random = Seeded.fresh()
    var models: [ModelRecord] = []
    for number in 0..<6 { models.append(try TinyNetwork(using: &random).write("m\(number)", in: folder)) }
    let outcome = try removal(models)
    #expect(outcome.models.map(\.tensors) == models.map(\.tensors))
    #expect(outcome.notes.isEmpty)
  }

  /// What was restored once is read again, also by a run with more models.
  @Test func whatIsKeptIsNotComputedAgain() throws {
    var random = Seeded.fresh()
    let network = TinyNetwork(using: &random)
    var models = [try network.write("root", in: folder)]
    models.append(try disguised(network, .all, &random).write("hidden", in: folder))
    let first = try removal(models)
    let store = folder.at("aligned/hidden.h5")
    let written = try #require(SourceFile.status(of: store))
    models.append(try network.trained(by: 0.1, using: &random).write("zebra", in: folder))
    let second = try removal(models)
    #expect(second.models[1].tensors == first.models[1].tensors)
    #expect(second.notes == first.notes)
    #expect(try #require(SourceFile.status(of: store)).modified == written.modified)
  }

  @Test func theProbabilityOfAgreementsIsABound() {
    var random = Seeded.fresh()
    let fit = Matrix(rows: 12, columns: 12, (0..<144).map { _ in random.normal() })
    var layers = [(fit: fit, judged: fit, isSquare: false)]
    let found = Witness(layers).agreements
    let factorial = (1...max(1, found)).reduce(1.0) { $0 * Double($1) }
    #expect(abs(Witness(layers).probability * factorial - 1) < 1e-9)
    layers.append(layers[0])
    #expect(Witness(layers).agreements == 2 * found)
  }
}
