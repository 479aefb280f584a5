import Foundation
import TestPrograms
import TestSupport
import Testing

/// Questions about a finished run: why, path, query, diff.
@Suite struct QuestionTests {
  private struct Why: Decodable {
    struct Candidate: Decodable {
      var id: String
      var cost: Double
      var distance: Double
    }
    struct Without: Decodable {
      var parent: String?
      var extra_cost: Double
    }
    var parent: Candidate?
    var runner_up: Candidate?
    var without: Without?
    var distance_to_lose: Double?
  }

  private struct RelationshipPath: Decodable {
    struct Step: Decodable {
      var from: String
      var to: String
      var distance: Double
    }
    var common_ancestor: String?
    var steps: [Step]
    var way_distance: Double?
  }

  private struct Answer: Decodable {
    var families: [Int]
    var parent: String?
    var is_root: Bool
    var children: [String]
    var relation: String?
    var duplicate_of: String?
    var nearest_read: Int
    var models: Int
  }

  private struct Difference: Decodable {
    struct Move: Decodable {
      var child: String
      var before: String?
      var after: String?
    }
    var gone: [String]
    var new: [String]
    var moved: [Move]
    var same_edges: Int
  }

  private struct Tree: Decodable {
    struct Link: Decodable {
      var source: String
      var target: String
      var distance: Double
      var support: Double
    }
    struct Node: Decodable { var id: String }
    var links: [Link]
    var nodes: [Node]
  }

  private let zoo = "\(Program.root)/zoo/full-finetune"

  private func recover(_ models: String, _ run: String, _ extra: [String] = []) throws -> Tree {
    let output = try Program.run(Program.modeltree, ["recover", models, "--out", run] + extra)
    #expect(output.status == 0, "\(output.stderr)")
    return try JSONDecoder().decode(Tree.self, from: Data(contentsOf: URL(fileURLWithPath: "\(run)/tree.json")))
  }

  private func ask<T: Decodable>(_ arguments: String...) throws -> T {
    let output = try Program.run(Program.modeltree, arguments + ["--json"])
    #expect(output.status == 0, "\(output.stderr)")
    return try JSONDecoder().decode(T.self, from: Data(output.stdout.utf8))
  }

  @Test func whyAndPathAgreeWithTheTreeAndItsMatrices() throws {
    let scratch = try TemporaryFolder()
    let run = scratch.at("run")
    let tree = try recover(zoo, run)
    for link in tree.links.prefix(6) {
      let why: Why = try ask("why", run, link.target)
      let parent = try #require(why.parent)
      let runnerUp = try #require(why.runner_up)
      #expect(parent.id == link.source && parent.distance == link.distance)
      #expect(runnerUp.id != parent.id)
      // At the distance named, parent and runner-up cost the same.
      let lose = try #require(why.distance_to_lose)
      #expect(abs(lose - parent.distance + parent.cost - runnerUp.cost) < 1e-9)
      #expect(try #require(why.without).parent != link.source)
      let text = try Program.run(Program.modeltree, ["why", run, link.target])
      #expect(text.stdout.contains(runnerUp.id) && text.stdout.contains("to win"))
    }
    // The oracle solves the family again without the edge.
    let checked = try Program.oracle("check_why", [Program.modeltree, run])
    #expect(checked.status == 0, "\(checked.stdout)\(checked.stderr)")

    let (a, b) = (try #require(tree.links.first), try #require(tree.links.last))
    let way: RelationshipPath = try ask("path", run, a.source, a.target)
    #expect(way.common_ancestor == a.source && way.steps.count == 1)
    #expect(way.way_distance == a.distance)
    let same: RelationshipPath = try ask("path", run, b.target, b.target)
    #expect(same.steps.isEmpty && same.common_ancestor == b.target)
    let unknown = try Program.run(Program.modeltree, ["why", run, "nobody"])
    #expect(unknown.status == 65 && unknown.stderr.contains("nobody"))
  }

  /// Each model in turn is left out of a recovery and asked for: a leaf, an inner model, a root, a
  /// copy and a stranger.
  @Test func queryPutsModelsBackWhereTheyWere() throws {
    let scratch = try TemporaryFolder()
    let whole = try recover(zoo, scratch.at("whole"))
    // Edges that a run without one of the models must find again: those that are beyond doubt.
    func children(_ id: String) -> [Tree.Link] { whole.links.filter { $0.source == id } }
    func firmness(_ link: Tree.Link) -> Double {
      ([link] + children(link.target)).map(\.support).min() ?? 0
    }
    let inner = try #require(
      whole.links.filter { !children($0.target).isEmpty }.max { firmness($0) < firmness($1) })
    let leaf = try #require(
      whole.links.filter { children($0.target).isEmpty && $0.source != inner.target }
        .max { ($0.support, $1.distance) < ($1.support, $0.distance) })
    let files = FileManager.default
    try files.createDirectory(atPath: scratch.at("models"), withIntermediateDirectories: true)
    for node in whole.nodes where node.id != inner.target && node.id != leaf.target {
      try files.createSymbolicLink(
        atPath: scratch.at("models/\(node.id)"), withDestinationPath: "\(zoo)/\(node.id)")
    }
    let run = scratch.at("run")
    _ = try recover(scratch.at("models"), run)
    func contents() throws -> [String: Data] {
      var contents: [String: Data] = [:]
      for name in try files.contentsOfDirectory(atPath: run) where !name.hasPrefix("store") {
        contents[name] = try Data(contentsOf: URL(fileURLWithPath: "\(run)/\(name)"))
      }
      return contents
    }
    let before = try contents()

    let backAsLeaf: Answer = try ask("query", run, "\(zoo)/\(leaf.target)")
    #expect(backAsLeaf.parent == leaf.source && backAsLeaf.children.isEmpty)
    #expect(backAsLeaf.relation == "finetune" && backAsLeaf.nearest_read < backAsLeaf.models)
    let backBetween: Answer = try ask("query", run, "\(zoo)/\(inner.target)")
    #expect(backBetween.parent == inner.source)
    #expect(backBetween.children.sorted() == children(inner.target).map(\.target).sorted())
    let stranger: Answer = try ask("query", run, "\(Program.root)/zoo/mixed/m-d830")
    #expect(stranger.families.isEmpty && stranger.parent == nil && !stranger.is_root)
    try files.copyItem(atPath: "\(zoo)/\(leaf.source)", toPath: scratch.at("copy"))
    let copy: Answer = try ask("query", run, scratch.at("copy"))
    #expect(copy.duplicate_of == leaf.source)
    #expect(try contents() == before, "the run directory is as it was")
  }

  @Test func diffNamesWhatChanged() throws {
    let scratch = try TemporaryFolder()
    let first = try recover(zoo, scratch.at("first"))
    let same: Difference = try ask("diff", scratch.at("first"), scratch.at("first"))
    #expect(same.moved.isEmpty && same.gone.isEmpty && same.new.isEmpty && same.same_edges == first.links.count)
    let second = try recover(zoo, scratch.at("second"), ["--distance", "l2", "--stage", "specialization"])
    let found: Difference = try ask("diff", scratch.at("first"), scratch.at("second"))
    let (old, new) = (parents(first), parents(second))
    let moved = first.nodes.map(\.id).filter { old[$0] != new[$0] }
    #expect(found.moved.map(\.child) == moved)
    for move in found.moved { #expect(move.before == old[move.child] && move.after == new[move.child]) }
  }

  private func parents(_ tree: Tree) -> [String: String] {
    Dictionary(uniqueKeysWithValues: tree.links.map { ($0.target, $0.source) })
  }
}
