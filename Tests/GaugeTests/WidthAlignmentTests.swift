import Alignment
import Checkpoints
import Core
import Gauge
import Naming
import Spectra
import Storage
import System
import TestSeed
import TestSupport
import Testing

/// What a narrower model has kept of a wider one is found, whatever else was done to it; strangers stay as they are.
struct WidthAlignmentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func aligned(_ models: [ModelRecord]) throws -> WidthAlignment.Outcome {
    try WidthAlignment.apply(to: models, folder: folder.at("aligned"))
  }

  private enum Cut: CaseIterable {
    case hidden, units, heads, all
  }

  /// Some of the numbers below `count`, ascending.
  private func some(_ kept: Int, of count: Int, using random: inout Seeded) -> [Int] {
    Array((0..<count).shuffled(using: &random).prefix(kept)).sorted()
  }

  private func narrowed(_ network: TinyNetwork, _ cut: Cut, using random: inout Seeded) -> TinyNetwork {
    let isCut = { (kind: Cut) in cut == kind || cut == .all }
    let (width, inner, groups) = (TinyNetwork.width, TinyNetwork.inner, TinyNetwork.groups)
    let hidden = some(
      isCut(.hidden) ? Int.random(in: width / 2..<width, using: &random) : width, of: width, using: &random)
    let (units, heads) = (
      isCut(.units) ? Int.random(in: inner / 2..<inner, using: &random) : inner, isCut(.heads) ? 1 : groups
    )
    return network.narrowed(
      hidden: hidden, units: (0..<TinyNetwork.layers).map { _ in some(units, of: inner, using: &random) },
      groups: (0..<TinyNetwork.layers).map { _ in some(heads, of: groups, using: &random) })
  }

  /// Of the same tensors of two models: is every weight the same?
  private func areEqual(_ a: ModelRecord, _ b: ModelRecord) throws -> Bool {
    let own = Dictionary(uniqueKeysWithValues: a.tensors.map { ($0.name, $0) })
    #expect(a.tensors.count == b.tensors.count)
    return try b.tensors.allSatisfy { tensor in
      guard let other = own[tensor.name] else { return false }
      return try other.shape == tensor.shape && other.values() == tensor.values()
    }
  }

  @Test func whatWasKeptIsFoundAgainToTheBit() throws {
    var random = Seeded.fresh()
    for cut in Cut.allCases {
      let network = TinyNetwork(using: &random)
      let wide = try network.write("wide-\(cut)", in: folder)
      let narrow = try narrowed(network, cut, using: &random).write("narrow-\(cut)", in: folder)
      let outcome = try aligned([wide, narrow])
      #expect(outcome.narrower.keys.sorted() == [1], "\(cut)")
      let found = try #require(outcome.narrower[1]?.width)
      #expect(found.reference == wide.id && found.probability < 1e-9 && found.likeness > 0.99)
      #expect(outcome.groups.map(\.members) == [[1]] && outcome.groups.map(\.views) == [[0]])
      let view = try #require(outcome.views.first)
      #expect(view.viewed == wide.id && view.id != wide.id)
      #expect(try areEqual(view, narrow), "\(cut)")
      #expect(found.kept.weights.kept == narrow.parameters && found.kept.weights.of == wide.parameters)
      #expect(outcome.notes.map(\.subject) == [narrow.id])
    }
  }

  /// Training after the cut, and another order of units, hide nothing: a view holds the wider model's weights in the places
  /// of the narrower one's.
  @Test func aTrainedAndReorderedCutIsFound() throws {
    var random = Seeded.fresh()
    let network = TinyNetwork(using: &random)
    let plain = narrowed(network, .all, using: &random)
    var moved = plain
    let gate = try #require(plain.tensors["model.layers.0.mlp.gate_proj.weight"])
    let order = Array(gate.indices.shuffled(using: &random))
    for layer in 0..<TinyNetwork.layers {
      let name = "model.layers.\(layer).mlp."
      for map in ["\(name)gate_proj.weight", "\(name)up_proj.weight"] {
        moved.tensors[map] = plain.tensors[map].map { rows in order.map { rows[$0] } }
      }
      let down = "\(name)down_proj.weight"
      moved.tensors[down] = plain.tensors[down].map { rows in rows.map { row in order.map { row[$0] } } }
    }
    let wide = try network.write("wide", in: folder)
    let child = try network.trained(by: 0.1, using: &random).write("child", in: folder)
    let untrained = try moved.write("untrained", in: folder)
    let narrow = try moved.trained(by: 0.2, using: &random).write("narrow", in: folder)
    let outcome = try aligned([wide, narrow, child])
    #expect(outcome.narrower.keys.sorted() == [1])
    #expect(outcome.views.map(\.viewed) == [wide.id, child.id])
    #expect(try areEqual(outcome.views[0], untrained))
    // What was found once is kept.
    let again = try aligned([wide, narrow, child])
    #expect(again.views.map(\.tensors) == outcome.views.map(\.tensors))
  }

  @Test func layersMayBeMissingAsWell() throws {
    var random = Seeded.fresh()
    for left in 0..<TinyNetwork.layers {
      let network = TinyNetwork(using: &random)
      let cut = narrowed(network, .all, using: &random)
      var shallow = cut
      for name in cut.tensors.keys where name.contains(".layers.") { shallow.tensors[name] = nil }
      for (name, rows) in cut.tensors where name.contains(".layers.\(left).") {
        shallow.tensors[name.replacing(".layers.\(left).", with: ".layers.0.")] = rows
      }
      let wide = try network.write("deep-\(left)", in: folder)
      let narrow = try shallow.write("shallow-\(left)", in: folder)
      let outcome = try aligned([wide, narrow])
      let found = try #require(outcome.narrower[1]?.width, "\(left)")
      #expect(found.kept.layers == .init(kept: 1, of: TinyNetwork.layers, which: "\(left)"))
      let view = try #require(outcome.views.first)
      let own = Dictionary(uniqueKeysWithValues: narrow.tensors.map { ($0.name, $0) })
      #expect(view.tensors.count == narrow.tensors.count)
      for (tensor, canonical) in zip(view.tensors, outcome.viewMaps[0].tensors) {
        let name = tensor.name.replacing(".layers.\(left).", with: ".layers.0.")
        #expect(try own[name]?.values() == tensor.values(), "\(name)")
        #expect(canonical.layer?.number ?? 0 == 0 && canonical.shape == tensor.shape)
      }
    }
  }

  @Test func strangersOfOtherWidthsStayAsTheyAre() throws {
    var random = Seeded.fresh()
    for cut in Cut.allCases {
      let wide = try TinyNetwork(using: &random).write("stranger-\(cut)", in: folder)
      let narrow = try narrowed(TinyNetwork(using: &random), cut, using: &random).write("small-\(cut)", in: folder)
      let outcome = try aligned([wide, narrow])
      #expect(outcome.narrower.isEmpty && outcome.views.isEmpty && outcome.notes.isEmpty, "\(cut)")
    }
  }

  /// Without a model that has the shape of a part of another's, nothing is read or written.
  @Test func modelsOfOneShapeAreLeftAlone() throws {
    var random = Seeded.fresh()
    let network = TinyNetwork(using: &random)
    let models = [
      try network.write("a", in: folder), try network.trained(by: 0.1, using: &random).write("b", in: folder),
    ]
    let outcome = try aligned(models)
    #expect(outcome.narrower.isEmpty && outcome.views.isEmpty && outcome.notes.isEmpty)
    #expect(throws: (any Error).self) { try folder.names(in: "aligned") }
  }
}
