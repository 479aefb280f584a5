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

/// Where a new model belongs in a finished run. What needs workers is tested end to end.
struct QueryTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func finishedRun() throws -> String {
    let run = ComputedRun(folder: folder)
    let invocation = Invocation(inputs: [try folder.makeFamily()], lineage: LineageOptions())
    try run.compute(invocation, at: folder.at("run"))
    _ = try run.recover(invocation, at: folder.at("run"))
    return folder.at("run")
  }

  private func query(_ run: String, _ model: String) throws -> QueryAnswer {
    try Query(
      run: run, model: model, nearest: 4, workers: 1, memoryBytes: 1 << 24, folder: try folder.makeFolder("scratch"),
      interruption: .never, report: { _ in }
    ).answer()
  }

  @Test func aModelThatSharesNothingIsComparedWithNobody() throws {
    let run = try finishedRun()
    var random = SeededRandom(7)
    try folder.write(
      [TestTensor.random("blocks.0.conv.weight", .f32, [10, 9], using: &random)], to: "new/model.safetensors")
    let before = try folder.read("run/tree.json")
    let answer = try query(run, folder.at("new"))
    #expect(answer.models == 3 && answer.nearestRead == 0 && answer.sampledWeights == 0)
    #expect(answer.families.isEmpty && answer.parent == nil)
    #expect(answer.text.contains("shares no linear map (name and shape) with any model of the run"))
    #expect(try folder.read("run/tree.json") == before)
  }

  @Test func severalModelsAtOnceAreRefused() throws {
    let error = try #require(thrown { _ = try query(try finishedRun(), folder.at("models")) })
    #expect(error.kind == .usage)
    #expect(error.message.contains("holds 3 models"))
  }

  @Test func aModelOfTheRunThatIsGoneIsNamed() throws {
    let run = try finishedRun()
    try folder.remove("models/child1-1")
    let error = try #require(thrown { _ = try query(run, folder.at("models/root1")) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("'child1-1'"))
  }

  @Test func aRunWhoseModelsHaveChangedIsRefused() throws {
    let run = try finishedRun()
    var random = SeededRandom(9)
    let tensors = (0..<2).map {
      TestTensor.random("model.layers.\($0).mlp.up_proj.weight", .f32, [24, 16], using: &random)
    }
    try folder.write(tensors, to: "models/child1-1/model.safetensors")
    let error = try #require(thrown { _ = try query(run, folder.at("models/root1")) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("have changed since it finished"))
  }

  @Test func anUnfinishedRunIsRefused() throws {
    let error = try #require(thrown { _ = try query(folder.path, folder.path) })
    #expect(error.kind == .badInput)
  }

  @Test func theVerdictNamesParentAndFamilyAsTheTreeCounts() {
    var answer = QueryAnswer(model: "/new", nearestRead: 3, models: 30, sampledWeights: 512)
    answer.families = [2]
    answer.parent = "base"
    answer.relation = "lora"
    answer.rank = 8
    #expect(answer.text.hasPrefix("/new belongs under base, in family 2  (lora, rank 8)\n"))
    answer.parent = nil
    answer.isRoot = true
    #expect(answer.text.hasPrefix("/new belongs above the root of family 2\n"))
    answer.families = []
    #expect(answer.text.hasPrefix("/new is related to no model of the run\n"))
    answer.duplicateOf = "twin"
    #expect(answer.text.contains("the same weights, bit for bit, as twin"))
  }
}
