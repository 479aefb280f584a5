import Checkpoints
import Coordination
import Core
import Foundation
import Graph
import Journal
import Lineage
import Monitoring
import Planning
import Recovery
import Storage
import System
import Testing
import TestSupport

/// More models, or fewer, than a run directory had.
struct RunExtensionTests {
  private let folder: TemporaryFolder
  private let run: ComputedRun

  init() throws {
    folder = try TemporaryFolder()
    run = ComputedRun(folder: folder)
  }

  private func invocation(_ models: String...) -> Invocation {
    Invocation(inputs: models.map { folder.at("models/\($0)") }, lineage: LineageOptions())
  }

  /// Removing a model keeps every shard, and each partial is what the weights give when computed again.
  @Test func afterARemovalThePartialsAreThoseOfTheRemainingModels() throws {
    try folder.makeFamily(children: 3)
    try run.compute(invocation("root1", "child1-0", "child1-1", "child1-2"), at: folder.at("run"))
    let directory = try RunDirectory(path: folder.at("run"), redo: false)
    let comparison = try run.open(invocation("root1", "child1-0", "child1-2"), directory)
    let (plan, journal) = (comparison.plan, comparison.journal)
    #expect(plan.models.map(\.id) == ["root1", "child1-0", "child1-2"])
    #expect(
      run.events.all == [
        .extended(
          added: 0, removed: 1, shardsKept: plan.shards.count, shards: plan.shards.count, bytesSaved: plan.bytes,
          bytes: plan.bytes)
      ])
    #expect(comparison.isFinished)
    for shard in plan.shards {
      #expect(try journal.partial(of: shard.id) == run.partial(shard, of: plan), "shard \(shard.id)")
    }
  }

  @Test func aNewModelOfItsOwnShapesCostsOnlyItsOwnShards() throws {
    try folder.makeFamily(children: 1)
    try folder.makeFamily(children: 1, seed: 2, rows: 20)
    let first = invocation("root1", "child1-0")
    try run.compute(first, at: folder.at("run"))
    let directory = try RunDirectory(path: folder.at("run"), redo: false)
    let both = try run.open(invocation("root1", "child1-0", "root2", "child2-0"), directory)
    #expect(both.resumed.count == 2 && both.plan.tensors.count == 4)
    #expect(
      run.events.all == [
        .extended(
          added: 2, removed: 0, shardsKept: 2, shards: 4, bytesSaved: 2 * 2 * 24 * 16 * 4, bytes: both.plan.bytes)
      ])
    // What was kept is what the weights give when computed again.
    for shard in both.plan.shards where both.resumed.contains(shard.id) {
      #expect(try both.journal.partial(of: shard.id) == run.partial(shard, of: both.plan), "shard \(shard.id)")
    }
  }

  /// What a damaged or made-up journal says of its plan: sizes beyond all memory, models that are not there.
  @Test(arguments: [
    ("{}", "'models' is missing"), ("[", "not JSON"), (outline(shape: "[4611686018427387904]"), "a tensor of shape"),
    (outline(shape: "[-1]"), "shape"), (outline(firstRow: "-1"), "from row -1"),
    (outline(samples: "1000000000000"), "submatrices"), (outline(samples: "-1"), "submatrices"),
    (outline(spectrum: "9223372036854775807"), "spectrum"),
    (outline(copies: #"{"name":"w","models":[7]}"#), "not among"),
    (outline(copies: #"{"name":"w","models":[-1]}"#), "not among"),
    (outline(copies: #"{"name":"w"},{"name":"v"}"#), "more than once"),
  ])
  func anOutlineThatNoPlanHasIsRefused(_ text: String, _ reason: String) throws {
    try folder.makeFamily(children: 3)
    try run.compute(invocation("root1", "child1-0", "child1-1", "child1-2"), at: folder.at("run"))
    let directory = try RunDirectory(path: folder.at("run"), redo: false)
    let shards = try Journal(path: directory.journal).finishedShards()
    try Journal(path: directory.journal).set([RunExtension.setting: text])
    let error = try #require(failure { _ = try run.open(invocation("root1", "child1-0"), directory) }, "\(text)")
    #expect(error.kind == .badInput && error.message.contains(reason), "\(error)")
    #expect(error.message.contains("journal.sqlite"), "\(error)")
    #expect(try Journal(path: directory.journal).finishedShards() == shards, "nothing is lost by it")
  }

  private static func outline(
    shape: String = "[4,4]", firstRow: String = "0", samples: String = "0", spectrum: String = "0",
    copies: String = #"{"name":"w"}"#
  ) -> String {
    #"{"models":["a","b"],"tensors":[{"copies":[\#(copies)],"firstRow":\#(firstRow),"isDouble":false,"samples":\#(samples),"#
      + #""shape":\#(shape),"spectrum":\#(spectrum),"statistics":0}]}"#
  }

  private func identity(_ models: [String: String], rules: [String: String] = [:]) throws -> RunIdentity {
    var parts = ["run format": "1", "statistics": "3"].merging(rules) { $1 }
    for (id, text) in models { parts[RunIdentity.part(of: id)] = text }
    return try JSONDecoder().decode(
      RunIdentity.self, from: try JSONEncoder().encode(["parts": parts]))
  }

  @Test func onlyTheSameQuestionAboutUnchangedModelsIsExtended() throws {
    let known = try identity(["a": "1", "b": "1"])
    func isPossible(_ identity: RunIdentity, _ notes: [Note] = []) -> Bool {
      RunExtension.isPossible(from: known, to: identity, notes: notes)
    }
    #expect(isPossible(try identity(["a": "1", "b": "1", "c": "1"])))
    #expect(isPossible(try identity(["b": "1"])))
    #expect(!isPossible(try identity(["a": "1", "b": "2", "c": "1"])), "a model has changed")
    #expect(!isPossible(try identity(["c": "1", "d": "1"])), "no model in common")
    #expect(!isPossible(try identity(["a": "1", "b": "1"], rules: ["statistics": "7"])), "other statistics")
    let broken = Note(subject: "b", text: "skipped: damaged")
    #expect(!isPossible(try identity(["a": "1"]), [broken]), "a broken model was not removed by the user")
  }

  @Test func resumeDoesNotChangeTheModels() throws {
    try folder.makeFamily()
    try run.compute(invocation("root1", "child1-0"), at: folder.at("run"))
    let directory = try RunDirectory(path: folder.at("run"), redo: false)
    let error = try #require(
      thrown {
        _ = try run.open(invocation("root1", "child1-0", "child1-1"), directory, mayChangeModels: false)
      })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains("model 'child1-1': the run has absent"))
    #expect(!FileManager.default.fileExists(atPath: directory.newStores))
  }
}
