import Foundation
import TestPrograms
import TestSupport
import Testing

/// Models that `zoo/disguise.py` disguises are found, by the programs as a user runs them.
@Suite struct DisguiseTests {
  private struct Tree: Decodable {
    struct Node: Decodable {
      struct Alignment: Decodable {
        var reference: String
        var transform: [String]
        var p: Double
      }
      var id: String
      var family: Int
      var duplicate_of: String?
      var alignment: Alignment?
    }
    struct Link: Decodable {
      var source: String
      var target: String
      var relation: String
      var transform: [String]?
    }
    var nodes: [Node]
    var links: [Link]
  }

  private struct Evaluation: Decodable {
    var directed_accuracy: Double
    var adjusted_rand_index: Double
  }

  private struct Verdict: Decodable {
    var kinship: String
    var relation: String?
    var probability: Double?
  }

  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  private func zoo(_ name: String) -> String { "\(Program.root)/zoo/\(name)" }

  private func disguise(_ arguments: String...) throws {
    let output = try Program.run(Program.python, ["\(Program.root)/zoo/disguise.py"] + arguments)
    #expect(output.status == 0, "\(output.stderr)")
  }

  private func recover(_ models: String, _ extra: [String] = []) throws -> Tree {
    let run = scratch.at("run")
    let output = try Program.run(Program.modeltree, ["recover", models, "--out", run] + extra)
    #expect(output.status == 0, "\(output.stderr)")
    return try JSONDecoder().decode(Tree.self, from: Data(contentsOf: URL(fileURLWithPath: "\(run)/tree.json")))
  }

  /// Kinds alone and all together: a copy is a copy.
  @Test func copiesInDisguiseAreCopies() throws {
    let models = scratch.at("models")
    let kinds = ["units", "heads", "signs", "mixed", "basis", "rotated", "everything"]
    let made = try Program.run(
      Program.python,
      ["\(Program.root)/zoo/disguise.py", "copies", zoo("lora"), models, "--seed", "3", "--kinds"] + kinds)
    #expect(made.status == 0, "\(made.stderr)")
    let tree = try recover(models)
    #expect(Set(tree.nodes.map(\.family)).count == 1)
    // Copies hang below the first of them.
    func first(_ id: String) -> String { tree.nodes.first { $0.id == id }?.duplicate_of ?? id }
    let hidden = tree.nodes.filter { $0.id.split(separator: "-").count > 2 }
    #expect(hidden.count == kinds.count)
    for node in hidden {
      let original = node.id.split(separator: "-").prefix(2).joined(separator: "-")
      #expect(first(node.id) == first(original), "\(node.id)")
      #expect(node.alignment.map { $0.p < 1e-9 && !$0.transform.isEmpty } == true, "\(node.id)")
    }
    for link in tree.links where tree.nodes.contains(where: { $0.id == link.target && $0.duplicate_of != nil }) {
      #expect(link.relation == "reformatted" && !(link.transform ?? []).isEmpty, "\(link.target)")
    }
    let why = try Program.run(
      Program.modeltree, ["why", scratch.at("run"), tree.nodes.first { $0.id.hasSuffix("everything") }?.id ?? ""])
    #expect(why.stdout.contains("after undoing: permuted, rotated, scaled, folded"), "\(why.stdout)")
  }

  /// A third of the models of three families: the families are those, and the tree is nearly as good as without.
  @Test func aThirdOfAZooInDisguiseComesOutAsWithout() throws {
    let models = scratch.at("models")
    try disguise("some", zoo("full-finetune"), models, "--seed", "5")
    let tree = try recover(models, ["--truth", "\(models)/truth.json"])
    #expect(tree.nodes.count { $0.alignment != nil } >= 8)
    let evaluated = try Program.run(
      Program.modeltree, ["evaluate", scratch.at("run"), "--truth", "\(models)/truth.json", "--json"])
    let found = try JSONDecoder().decode(Evaluation.self, from: Data(evaluated.stdout.utf8))
    #expect(found.adjusted_rand_index == 1)
    #expect(found.directed_accuracy >= 0.85)
  }

  /// Layouts in which maps are joined, turned or of other names than Llama's.
  @Test(arguments: ["gpt2", "neox", "opt", "timm"])
  func disguisesAreUndoneUnderOtherNames(_ dialect: String) throws {
    let models = scratch.at("models")
    let made = try Program.run(
      Program.python, ["\(Program.root)/Tests/Oracle/disguised_dialects.py", dialect, models])
    #expect(made.status == 0, "\(made.stderr)")
    let tree = try recover(models)
    let families = Dictionary(grouping: tree.nodes, by: \.family).values.map { Set($0.map(\.id)) }
    #expect(Set(families) == [["base", "a", "b", "hidden-a", "hidden-b"], ["stranger"]])
    let hidden = tree.nodes.filter { $0.id.hasPrefix("hidden") }
    #expect(hidden.allSatisfy { $0.alignment?.transform == ["permuted"] })
    #expect(tree.nodes.first { $0.id == "hidden-b" }?.duplicate_of == "b")
    #expect(tree.links.contains { $0.source == "a" && $0.target == "hidden-a" })
  }

  @Test func offComparesModelsAsTheyAre() throws {
    let models = scratch.at("models")
    try disguise("copies", zoo("lora"), models, "--kinds", "everything")
    let tree = try recover(models, ["--align", "off"])
    #expect(tree.nodes.allSatisfy { $0.alignment == nil })
    #expect(Set(tree.nodes.map(\.family)).count == 2)
  }

  @Test func twoModelsAreComparedThroughADisguise() throws {
    let models = scratch.at("models")
    try disguise("copies", zoo("mixed"), models, "--kinds", "everything", "--seed", "2")
    let hidden = try #require(
      try FileManager.default.contentsOfDirectory(atPath: models).first { $0.hasSuffix("-everything") })
    let original = String(hidden.dropLast("-everything".count))
    func compare(_ a: String, _ b: String) throws -> Verdict {
      let output = try Program.run(Program.modeltree, ["compare", a, b, "--format", "json"])
      #expect(output.status == 0, "\(output.stderr)")
      return try JSONDecoder().decode(Verdict.self, from: Data(output.stdout.utf8))
    }
    let found = try compare("\(models)/\(original)", "\(models)/\(hidden)")
    #expect(found.kinship == "related" && found.relation == "reformatted")
    #expect(try #require(found.probability) < 1e-6)
    let stranger = try FileManager.default.contentsOfDirectory(atPath: zoo("full-finetune")).sorted().first {
      $0.hasPrefix("m-")
    }
    #expect(
      try compare("\(zoo("full-finetune"))/\(try #require(stranger))", "\(models)/\(hidden)").kinship == "unrelated")
  }
}
