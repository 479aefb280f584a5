import Foundation
import TestPrograms
import TestSupport
import Testing

/// Models that lack a part of others' width, as `zoo/vary.py narrow` makes them, are found by the programs as a user runs
/// them.
@Suite struct WidthTests {
  private struct Tree: Decodable {
    struct Node: Decodable {
      struct Alignment: Decodable {
        struct Kept: Decodable {
          var hidden: Part
          var units: Part
          var heads: Part
          var weights: Part
        }
        struct Part: Decodable {
          var kept: Int
          var of: Int
          var which: String?
        }
        var kept: Kept?
        var p: Double
      }
      var id: String
      var family: Int
      var compared: Int?
      var parameters: Int?
      var alignment: Alignment?
    }
    struct Link: Decodable, Equatable {
      var source: String
      var target: String
      var relation: String
      var distance: Double?
      var support: Double
      var transform: [String]?
      var extra: Bool?
    }
    var nodes: [Node]
    var links: [Link]
  }

  private struct Truth: Decodable {
    struct Model: Decodable {
      var id: String
      var parent: String?
      var relation: String
    }
    var models: [Model]
  }

  private struct Why: Decodable {
    var sharedTensors: Int
    var equalTensors: Int
    var relation: String?
    var parent: Candidate?

    enum CodingKeys: String, CodingKey {
      case relation, parent
      case sharedTensors = "shared_tensors"
      case equalTensors = "equal_tensors"
    }

    struct Candidate: Decodable {
      var id: String
      var distance: Double
    }
  }

  private struct Verdict: Decodable {
    var kinship: String
    var relation: String?
  }

  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  private func narrowed(_ zoo: String, seed: Int) throws -> (folder: String, models: [Truth.Model]) {
    let folder = scratch.at("models")
    let made = try Program.run(
      Program.python,
      ["\(Program.root)/zoo/vary.py", "narrow", "\(Program.root)/zoo/\(zoo)", folder, "--seed", "\(seed)"])
    #expect(made.status == 0, "\(made.stderr)")
    let truth = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/truth.json"))
    return (folder, try JSONDecoder().decode(Truth.self, from: truth).models)
  }

  private func recover(_ models: [String], to name: String, _ extra: [String] = []) throws -> Tree {
    let output = try Program.run(Program.modeltree, ["recover"] + models + ["--out", scratch.at(name)] + extra)
    #expect(output.status == 0, "\(output.stderr)")
    let tree = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.at(name))/tree.json"))
    return try JSONDecoder().decode(Tree.self, from: tree)
  }

  @Test func narrowerModelsHangBelowWhatTheyWereCutFrom() throws {
    let (folder, models) = try narrowed("full-finetune", seed: 9)
    let tree = try recover([folder], to: "run")
    #expect(tree.nodes.count == models.count)
    let families = Dictionary(uniqueKeysWithValues: tree.nodes.map { ($0.id, $0.family) })
    for model in models where model.relation == "pruned" {
      let parent = try #require(model.parent)
      let link = try #require(tree.links.first { $0.target == model.id && $0.extra != true })
      #expect(link.source == parent && link.relation == "pruned" && link.distance == 0, "\(model.id): \(link)")
      #expect(link.transform?.contains("width") == true)
      #expect(families[model.id] == families[parent])
      let node = try #require(tree.nodes.first { $0.id == model.id })
      let kept = try #require(node.alignment?.kept)
      #expect(kept.weights.kept == node.parameters && kept.weights.of > kept.weights.kept)
      #expect(kept.hidden.kept < kept.hidden.of || kept.units.kept < kept.units.of || kept.heads.kept < kept.heads.of)
      #expect((kept.hidden.which != nil) == (kept.hidden.kept < kept.hidden.of))
      let why = try Program.run(Program.modeltree, ["why", scratch.at("run"), model.id, "--json"])
      let answer = try JSONDecoder().decode(Why.self, from: Data(why.stdout.utf8))
      #expect(answer.parent?.id == parent && answer.parent?.distance == 0 && answer.relation == "pruned")
      #expect(answer.sharedTensors > 0 && answer.equalTensors == answer.sharedTensors)
      let text = try Program.run(Program.modeltree, ["why", scratch.at("run"), model.id])
      #expect(text.stdout.contains("compared with what it has kept of"), "\(text.stdout)")
    }
    // All else is as it is without them.
    let plain = try recover(["\(Program.root)/zoo/full-finetune"], to: "plain")
    func own(_ tree: Tree) -> [Tree.Link] {
      tree.links.filter { link in !link.target.hasPrefix("narrow") }.sorted { $0.target < $1.target }
    }
    #expect(own(tree) == own(plain))
  }

  @Test func whatIsFinishedIsNotComputedAgain() throws {
    let (folder, _) = try narrowed("mixed", seed: 4)
    let first = try recover([folder], to: "run")
    let again = try Program.run(Program.modeltree, ["resume", scratch.at("run")])
    #expect(again.status == 0 && again.stderr.contains("no weight is read again"), "\(again.stderr)")
    let other = try recover([folder], to: "other", ["--workers", "2"])
    #expect(first.links == other.links)
    for command in [["verify"], ["tree"], ["report"], ["status"]] {
      let output = try Program.run(Program.modeltree, command + [scratch.at("run")])
      #expect(output.status == 0, "\(command): \(output.stderr)")
    }
    let asked = try Program.run(Program.modeltree, ["query", scratch.at("run"), "\(folder)/narrow-0"])
    #expect(asked.status == 64 && asked.stderr.contains("recover all of them"), "\(asked.stderr)")
  }

  @Test func twoModelsOfDifferentWidthsAreCompared() throws {
    let (folder, models) = try narrowed("lora", seed: 2)
    let narrow = try #require(models.last { $0.relation == "pruned" })
    let parent = try #require(narrow.parent)
    let output = try Program.run(
      Program.modeltree, ["compare", "\(folder)/\(narrow.id)", "\(folder)/\(parent)", "--format", "json"])
    #expect(output.status == 0, "\(output.stderr)")
    let found = try JSONDecoder().decode(Verdict.self, from: Data(output.stdout.utf8))
    #expect(found.kinship == "related" && found.relation == "pruned")
    let two = try recover(["\(folder)/\(narrow.id)", "\(folder)/\(parent)"], to: "two")
    #expect(two.links.map(\.source) == [parent] && two.nodes.allSatisfy { $0.compared == 1 })
    let left = try recover(["\(folder)/\(narrow.id)", "\(folder)/\(parent)"], to: "left", ["--align", "off"])
    #expect(left.nodes.allSatisfy { $0.alignment == nil } && left.links.allSatisfy { $0.relation != "pruned" })
  }
}
