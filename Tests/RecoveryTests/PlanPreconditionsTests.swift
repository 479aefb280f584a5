import Checkpoints
import Coordination
import Core
import Graph
import Lineage
import Monitoring
import Planning
import Recovery
import Storage
import System
import Testing
import TestSupport

/// Distances that use few tensors are refused before any weight is read, where no two models share one.
struct PlanPreconditionsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func check(_ tensors: [(name: String, shape: [Int])], _ options: LineageOptions) throws {
    var random = SeededRandom(1)
    let models = try Models.make(
      (0..<2).map { _ in tensors.map { TestTensor.random($0.name, .f32, $0.shape, using: &random) } }, in: folder)
    try PlanPreconditions.check(Plan(models: models, statistics: options.metric.statistics), options)
  }

  @Test func ranksNeedALinearMap() throws {
    let error = try #require(thrown { try check([("norm.weight", [64])], LineageOptions(metric: .lora)) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("--distance lora uses linear maps alone"))
    try check([("layers.0.up.weight", [24, 16])], LineageOptions(metric: .lora))
  }

  @Test func thePublishedRulesNeedASquareMatrixWithTheWordsThatWereAskedFor() throws {
    let wide = [(name: "layers.0.up.weight", shape: [24, 16])]
    let square = [(name: "layers.0.attention.query.weight", shape: [16, 16])]
    let error = try #require(thrown { try check(wide, LineageOptions(metric: .motherFT)) })
    #expect(error.message.contains("--distance mother-ft uses square matrices alone"))
    try check(square, LineageOptions(metric: .motherFT))
    try check(square, LineageOptions(metric: .motherFT, distanceLayers: "query|key"))
    let named = try #require(
      thrown { try check(square, LineageOptions(metric: .motherFT, scoreLayers: "value")) })
    #expect(named.message.contains("'value' in their names (--score-layers)"))
    #expect(named.advice.contains("leave the option out"))
  }
}
