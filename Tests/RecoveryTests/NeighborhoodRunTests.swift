import Coordination
import Core
import Foundation
import Lineage
import Recovery
import Registry
import Reports
import Synchronization
import System
import TestPrograms
import TestSeed
import TestSupport
import Testing

/// A recovery that compares only near models of a family, with bounds so low that a small family is large.
struct NeighborhoodRunTests {
  private static let bounds = NeighborhoodSearch.Bounds(whole: 24, block: 12, nearest: 4)
  private static let models = 100

  private struct Tree: Decodable {
    struct Node: Decodable {
      var id: String
      var compared: Int?
      var family: Int
    }
    struct Link: Decodable {
      var source: String
      var target: String
      var distance: Double?
      var support: Double
      var relation: String
      var grade: String
      var extra: Bool?
      var undecided: Bool?
      var left_out: String?
    }
    var graph: [String: String]
    var nodes: [Node]
    var links: [Link]

    var edges: [String: Link] {
      Dictionary(links.filter { $0.extra != true }.map { ($0.target, $0) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// Small networks of one family, and a stranger with a child.
  private func makeModels(in folder: TemporaryFolder, _ random: inout Seeded) throws {
    func root(_ random: inout Seeded) -> [[Double]] {
      (0..<6).map { _ in (0..<24 * 16).map { _ in random.normal() } }
    }
    func write(_ weights: [[Double]], _ name: String) throws {
      let tensors = weights.enumerated().map {
        TestTensor("model.layers.\($0).mlp.up_proj.weight", .f32, [24, 16], $1)
      }
      try folder.write(tensors, to: "models/\(name)/model.safetensors")
    }
    var made: [[[Double]]] = [root(&random)]
    for model in 1..<Self.models {
      let parent = made[Int.random(in: 0..<model, using: &random)]
      let step = Double.random(in: 0.01...0.04, using: &random)
      made.append(parent.map { $0.map { $0 + step * random.normal() } })
    }
    for (model, weights) in made.enumerated() { try write(weights, "m\(model)") }
    let stranger = root(&random)
    try write(stranger, "stranger")
    try write(stranger.map { $0.map { $0 + 0.02 * random.normal() } }, "stranger-child")
  }

  /// A family with what real collections have: fine-tuned models, copies, multiples, rounded copies, merges, models with a
  /// part of another one, and a stranger's family beside it.
  ///
  /// - Returns: per model what may be said of its parent.
  private func makeMixture(in folder: TemporaryFolder, _ random: inout Seeded) throws -> [String: Set<String>] {
    typealias Weights = [[Double]]
    func root() -> Weights { (0..<8).map { _ in (0..<24 * 16).map { _ in 0.1 * random.normal() } } }
    func float(_ weights: Weights) -> Weights { weights.map { $0.map { Double(Float($0)) } } }
    var made: [(name: String, weights: Weights, family: Int)] = [("m0", float(root()), 0), ("s0", float(root()), 1)]
    var parents: [String: Set<String>] = ["m0": [], "s0": []]
    /// What has the same weights, or the same but for a factor.
    var alike: [String: String] = [:]
    func original(_ name: String) -> String { alike[name] ?? name }
    for number in 1..<Self.models {
      let family = number % 5 == 0 ? 1 : 0
      let relatives = made.filter { $0.family == family }
      let parent = relatives[Int.random(in: 0..<relatives.count, using: &random)]
      let name = (family == 0 ? "m" : "s") + "\(number)"
      var weights = parent.weights
      parents[name] = [parent.name]
      switch Int.random(in: 0..<10, using: &random) {
      case 0: alike[name] = original(parent.name)
      case 1:
        weights = weights.map { $0.map { 1.25 * $0 } }
        alike[name] = original(parent.name)
      case 2 where relatives.count > 4:
        let other = relatives[Int.random(in: 0..<relatives.count, using: &random)]
        weights = zip(weights, other.weights).map { zip($0, $1).map { 0.6 * $0 + 0.4 * $1 } }
        parents[name] = [parent.name, other.name]
      case 3:
        let stranger = made.first { $0.family != family }?.weights ?? weights
        weights[0] = stranger[0]
        for place in 1..<8 { weights[place] = weights[place].map { $0 + 0.002 * random.normal() } }
      default:
        let step = Double.random(in: 0.001...0.004, using: &random)
        weights = weights.map { $0.map { $0 + step * random.normal() } }
      }
      made.append((name, float(weights), family))
    }
    for model in made {
      let tensors = model.weights.enumerated().map {
        TestTensor("model.layers.\($0).mlp.up_proj.weight", .f32, [24, 16], $1)
      }
      try folder.write(tensors, to: "models/\(model.name)/model.safetensors")
    }
    // Which of several alike ones it was, nothing tells.
    return parents.mapValues { own in
      let firsts = Set(own.map(original))
      return Set(made.map(\.name).filter { firsts.contains(original($0)) })
    }
  }

  /// What is said as certain is right, as often as where all pairs are compared; and nothing goes from family to family.
  @Test func whatIsCertainOfAMixtureIsRight() throws {
    let folder = try TemporaryFolder()
    var random = Seeded.fresh()
    let parents = try makeMixture(in: folder, &random)
    _ = try recover(folder, "all", pairs: .all)
    _ = try recover(folder, "near", pairs: .sections)
    func wrong(_ tree: Tree) -> [String] {
      tree.links.filter { link in
        // Which of two is the copy, nothing tells either.
        link.extra != true && link.grade == "firm" && !link.relation.contains("duplicate")
          && link.relation != "reformatted" && parents[link.target]?.contains(link.source) != true
          && !link.source.hasPrefix("inferred-") && !link.target.hasPrefix("inferred-")
      }.map { "\($0.source) -> \($0.target) (\($0.relation), \(parents[$0.target] ?? []))" }
    }
    let (whole, near) = (try tree(folder, "all"), try tree(folder, "near"))
    #expect(wrong(near).count <= wrong(whole).count + 2, "seed \(random.seed): \(wrong(near)) against \(wrong(whole))")
    func isInferred(_ name: String) -> Bool { name.hasPrefix("inferred-") }
    for link in near.links where link.extra != true && !isInferred(link.source) && !isInferred(link.target) {
      #expect(link.source.first == link.target.first, "seed \(random.seed): \(link.source) -> \(link.target)")
    }
  }

  /// - Returns: what was reported.
  private func recover(_ folder: TemporaryFolder, _ name: String, pairs: PairChoice) throws -> [RunEvent] {
    let events = Events()
    let worker = Mutex<Running?>(nil)
    let directory = try RunDirectory(path: folder.at(name), redo: false)
    let pool = try ShardPool(
      .endpoint("ipc://\(folder.at("\(name).socket"))", keys: nil), interruption: .never, logger: directory.logger
    ) { event in
      events.report(event)
      guard case .listening(let endpoint, _) = event else { return }
      let started = try? Running(Program.worker, ["--connect", endpoint])
      worker.withLock { $0 = started }
    }
    defer { worker.withLock { $0?.end() } }
    let invocation = Invocation(inputs: [folder.at("models")], lineage: LineageOptions(), pairs: pairs)
    let report = try Recovery(
      invocation, directory: directory, pool: pool, mayChangeModels: true, neighborhoods: Self.bounds,
      report: events.report
    ).run()
    #expect(report != nil)
    return events.all
  }

  private func tree(_ folder: TemporaryFolder, _ name: String) throws -> Tree {
    try JSONDecoder().decode(Tree.self, from: Data(try folder.read("\(name)/tree.json")))
  }

  @Test func edgesAreThoseOfAllPairsUnlessTheyAreUndecided() throws {
    let folder = try TemporaryFolder()
    var random = Seeded.fresh()
    try makeModels(in: folder, &random)
    _ = try recover(folder, "all", pairs: .all)
    _ = try recover(folder, "near", pairs: .sections)
    let (whole, near) = (try tree(folder, "all"), try tree(folder, "near"))
    func observed(_ tree: Tree) -> [String] { tree.nodes.map(\.id).filter { !$0.hasPrefix("inferred-") } }
    #expect(observed(near) == observed(whole), "seed \(random.seed)")
    // Families are numbered in order of first appearance.
    func families(_ tree: Tree) -> [Int] { tree.nodes.filter { !$0.id.hasPrefix("inferred-") }.map(\.family) }
    #expect(families(near) == families(whole), "seed \(random.seed)")
    let known = whole.edges
    for (target, edge) in near.edges where edge.left_out == nil && edge.undecided != true {
      #expect(edge.source == known[target]?.source, "seed \(random.seed): \(target)")
      #expect(edge.distance == known[target]?.distance, "seed \(random.seed): \(target)")
    }
    for edge in near.links { if edge.left_out != nil { #expect(edge.undecided == true) } }
    let compared = near.nodes.filter { $0.id.hasPrefix("m") }.compactMap(\.compared)
    #expect(compared.count == Self.models && compared.contains { $0 < Self.models - 1 }, "seed \(random.seed)")
    #expect(compared.allSatisfy { $0 >= Self.bounds.nearest }, "seed \(random.seed)")
    for beginning in [
      "neighborhoods: of the 100 models of the section of 'm0', ", "neighborhoods: the section of 'm0' was solved in ",
    ] {
      #expect(near.graph.values.contains { $0.hasPrefix(beginning) }, "seed \(random.seed): \(near.graph)")
    }

    // What was finished is not computed again, and is the same run.
    let text = try folder.read("near/tree.json")
    let again = try recover(folder, "near", pairs: .sections)
    #expect(again.contains { if case .resumed(let done, let all) = $0 { done == all } else { false } })
    #expect(try folder.read("near/tree.json") == text)

    let finished = try FinishedRun(path: folder.at("near"))
    // Some are guests everywhere.
    let model = try #require(
      near.nodes.indices.filter { near.nodes[$0].id.hasPrefix("m") }
        .min { near.nodes[$0].compared ?? 0 < near.nodes[$1].compared ?? 0 })
    let why = try Why(finished, child: model)
    #expect(why.comparedRelatives == near.nodes[model].compared, "seed \(random.seed)")
    #expect(why.text.contains("compared weight by weight with"), "\(why.text)")
    let relatedness = try finished.relatedness()
    let left = try #require(
      near.nodes.indices.first {
        $0 != model && near.nodes[$0].id.hasPrefix("m") && relatedness[model, $0].isNaN
      }, "seed \(random.seed)")
    // Whatever is asked of whichever two models, it is answered from one section.
    for node in near.nodes.indices where near.nodes[node].id.hasPrefix("m") {
      let why = try Why(finished, child: node)
      #expect(
        why.parent == nil || why.parent?.distance.isFinite == true || why.isParentLeftOut == true,
        "seed \(random.seed): \(near.nodes[node].id)")
    }
    #expect(try Why(finished, child: model, instead: left).text.contains("others are nearer to both"))
    let path = try RelationshipPath(finished, from: model, to: left)
    #expect(path.leftOut == true && path.text.contains("not measured"), "\(path.text)")
    // The same with a model of another section.
    let stranger = try #require(near.nodes.firstIndex { $0.id == "stranger" })
    #expect(try RelationshipPath(finished, from: model, to: stranger).leftOut == nil)
  }
}
