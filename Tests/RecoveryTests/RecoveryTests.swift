import Checkpoints
import Coordination
import Core
import Foundation
import Graph
import Lineage
import Monitoring
import Recovery
import Storage
import System
import Testing
import TestSupport

/// A recovery whose shards are all in the journal: everything but the workers.
struct RecoveryTests {
  private let folder: TemporaryFolder
  private let run: ComputedRun

  init() throws {
    folder = try TemporaryFolder()
    run = ComputedRun(folder: folder)
  }

  private struct Tree: Decodable {
    struct Node: Decodable {
      var id: String
      var family: Int
      var root: Bool
      var dtype: String
      var parameters: Int
      var duplicate_of: String?
    }
    struct Link: Decodable {
      var source: String
      var target: String
      var distance: Double
      var relation: String
    }
    var graph: [String: String]
    var nodes: [Node]
    var links: [Link]
  }

  private func tree(_ path: String = "run/tree.json") throws -> Tree {
    try JSONDecoder().decode(Tree.self, from: Data(try folder.read(path)))
  }

  @Test func twoFamiliesAndACopyComeOutAsOneTreeEach() throws {
    try folder.makeFamily(seed: 1)
    try folder.makeFamily(seed: 2, rows: 20)
    try FileManager.default.copyItem(atPath: folder.at("models/root1"), toPath: folder.at("models/same"))
    let invocation = Invocation(inputs: [folder.at("models")], lineage: LineageOptions())
    try run.compute(invocation, at: folder.at("run"))
    let report = try #require(try run.recover(invocation, at: folder.at("run")))
    #expect(report.files.allSatisfy { FileManager.default.fileExists(atPath: $0) })
    #expect(report.files.contains(report.page))

    let tree = try tree()
    #expect(tree.nodes.map(\.id) == ["child1-0", "child1-1", "child2-0", "child2-1", "root1", "root2", "same"])
    let families = Dictionary(grouping: tree.nodes, by: \.family).mapValues { Set($0.map(\.id)) }
    #expect(Set(families.values) == [["child1-0", "child1-1", "root1", "same"], ["child2-0", "child2-1", "root2"]])
    #expect(tree.nodes.filter(\.root).count == 2)
    #expect(tree.links.count == 5)
    for node in tree.nodes {
      #expect(node.dtype == "F32")
      #expect(node.parameters == 2 * (node.family == tree.nodes[0].family ? 24 : 20) * 16)
      // Every model but the roots has one parent, in its own family.
      let parents = tree.links.filter { $0.target == node.id }.map(\.source)
      #expect(parents.count == (node.root ? 0 : 1))
      for parent in parents { #expect(tree.nodes.first { $0.id == parent }?.family == node.family) }
    }
    let copy = try #require(tree.links.first { $0.target == "same" })
    #expect(copy.source == "root1" && copy.relation == "duplicate" && copy.distance == 0)
    #expect(tree.nodes.first { $0.id == "same" }?.duplicate_of == "root1")
    #expect(tree.graph["families"] == "auto" && tree.graph["note_1"] == nil)
  }

  @Test func theSameDirectoryGivesTheSameBytes() throws {
    let invocation = Invocation(inputs: [try folder.makeFamily()], lineage: LineageOptions())
    for name in ["a", "b"] {
      try run.compute(invocation, at: folder.at(name))
      _ = try run.recover(invocation, at: folder.at(name))
    }
    for file in ["tree.json", "edges.csv", "results.h5"] {
      #expect(try folder.read("a/\(file)") == folder.read("b/\(file)"), "\(file)")
    }
  }

  @Test func whatHappensIsReportedInOrder() throws {
    let models = try folder.makeFamily()
    try folder.write("not a model", to: "models/broken/model.safetensors")
    try folder.write(
      #"{"models": [{"id": "root1", "parent": null}, {"id": "x", "parent": "root1"}]}"#, to: "truth.json")
    let invocation = Invocation(inputs: [models], lineage: LineageOptions(), truth: folder.at("truth.json"))
    try run.compute(invocation, at: folder.at("run"))
    let report = try #require(try run.recover(invocation, at: folder.at("run")))
    #expect(report.evaluation?.missing == ["x"])
    let events = run.events.all
    try #require(events.count == 4, "\(events)")
    guard case .note(let note) = events[0] else {
      Issue.record("\(events)")
      return
    }
    #expect(note.subject == "broken" && note.text.hasPrefix("skipped: "))
    guard case .planned(models: 3, tensors: 2, shards: let shards, bytes: let bytes) = events[1] else {
      Issue.record("\(events)")
      return
    }
    #expect(bytes == 3 * 2 * 24 * 16 * 4)
    #expect(events[2] == .unknownModels(file: "the truth file names", count: 1, example: "x"))
    #expect(events[3] == .resumed(shardsDone: shards, shards: shards))
    #expect(try tree().graph["note_1"]?.hasPrefix("broken: skipped: ") == true)
  }

  @Test func resultsThatAreThereAreKeptUntilTheQuestionChanges() throws {
    let models = try folder.makeFamily()
    let invocation = Invocation(inputs: [models], lineage: LineageOptions())
    try run.compute(invocation, at: folder.at("run"))
    #expect(try run.recover(invocation, at: folder.at("run"), keepsResults: true) != nil)
    let written = try folder.read("run/run.json")
    #expect(try run.recover(invocation, at: folder.at("run"), keepsResults: true) == nil)
    #expect(try folder.read("run/run.json") == written)
    let other = Invocation(inputs: [models], lineage: LineageOptions(lambda: 1))
    #expect(try run.recover(other, at: folder.at("run"), keepsResults: true) != nil)
  }

  @Test func aTruthThatKnowsNoModelIsRefusedBeforeAnythingIsWritten() throws {
    try folder.write(#"{"models": [{"id": "x", "parent": null}]}"#, to: "truth.json")
    let invocation = Invocation(
      inputs: [try folder.makeFamily()], lineage: LineageOptions(), truth: folder.at("truth.json"))
    let error = try #require(thrown { _ = try run.recover(invocation, at: folder.at("run")) })
    #expect(error.kind == .badInput)
    #expect(error.advice.contains("'child1-0'"))
    #expect(!FileManager.default.fileExists(atPath: folder.at("run/tree.json")))
  }

  @Test func oneModelIsNoCollection() throws {
    let invocation = Invocation(inputs: [try folder.makeFamily(children: 0)], lineage: LineageOptions())
    let error = try #require(thrown { _ = try run.recover(invocation, at: folder.at("run")) })
    #expect(error.kind == .badInput)
    #expect(error.message.hasPrefix("only one model, 'root1'"))
  }

  @Test func countsInEventsAgreeWithTheirNouns() {
    #expect(
      RunEvent.planned(models: 2, tensors: 1, shards: 1, bytes: 8).text
        == "2 models, 1 tensor to compare in 1 shard, 8 B to read")
    #expect(
      RunEvent.unknownModels(file: "the hints name", count: 2, example: "x").text
        == "note: the hints name 2 models that are not in this run, such as 'x'")
    #expect(RunEvent.resumed(shardsDone: 3, shards: 40).text == "resuming: 3 of 40 shards were finished before")
    #expect(RunEvent.note(.init(subject: "a\u{1b}[31m", text: "t")).text == "note: a\\u{1b}[31m: t")
  }
}
