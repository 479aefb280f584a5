import Checkpoints
import Core
import Storage
import System
import TestSupport
import Testing

/// Adapters that are not merged into their base: what is read of them, and what is refused.
struct AdapterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func factors(_ module: String, ending: String = "") -> [TestTensor] {
    [
      TestTensor("base_model.model.\(module).lora_A\(ending).weight", .f32, [2, 3], [1, 2, 3, 4, 5, 6]),
      TestTensor("base_model.model.\(module).lora_B\(ending).weight", .f32, [4, 2], Array(repeating: 1, count: 8)),
    ]
  }

  private func adapter(_ tensors: [TestTensor], _ config: String) throws -> ModelRecord {
    try folder.write(tensors, to: "a/adapter_model.safetensors")
    try folder.write(config, to: "a/adapter_config.json")
    return try Models.importOne(folder.at("a"), into: folder.at("stores"))
  }

  @Test(arguments: ["", ".default"])
  func factorsBecomeUpdatesAndWholeWeightsStay(_ ending: String) throws {
    let saved = TestTensor("base_model.model.lm_head.weight", .f32, [2, 2], [1, 2, 3, 4])
    let record = try adapter(
      factors("layers.0.q_proj", ending: ending) + [saved],
      #"{"peft_type": "LORA", "r": 2, "lora_alpha": 8, "base_model_name_or_path": "org/base"}"#)
    let update = try #require(record.adapter?.updates.first)
    #expect(record.adapter?.updates.count == 1)
    #expect(update.weight == "base_model.model.layers.0.q_proj.weight")
    #expect((update.rank, update.rows, update.columns, update.scale) == (2, 4, 3, 4))
    #expect(try update.down.values() == [1, 2, 3, 4, 5, 6])
    #expect(record.tensors.map(\.name) == ["base_model.model.lm_head.weight"])
    #expect(record.adapter?.declaredBase == "org/base")
    #expect(record.bytes == (6 + 8 + 4) * 4)
  }

  @Test(arguments: [
    (#"{"r": 2, "lora_alpha": 8, "use_rslora": true}"#, 8 / 2.0.squareRoot()),
    (#"{"r": 2, "lora_alpha": 8, "rank_pattern": {"q_proj": 4}}"#, 2),
    (#"{"r": 2, "lora_alpha": 8, "alpha_pattern": {"layers.0.q_proj": 2, "q_proj": 3}}"#, 1),
    (#"{"r": 2, "lora_alpha": 8, "alpha_pattern": {"proj": 3}}"#, 4),
    ("", 1),
  ])
  func theScaleFollowsTheConfiguration(_ config: String, _ scale: Double) throws {
    let record = try adapter(factors("layers.0.q_proj"), config)
    #expect(abs(try #require(record.adapter?.updates.first?.scale) - scale) < 1e-12)
  }

  @Test func weightsStoredTheOtherWayRoundHaveTheOtherShape() throws {
    let record = try adapter(factors("h.0.c_attn"), #"{"fan_in_fan_out": true}"#)
    let update = try #require(record.adapter?.updates.first)
    #expect((update.rows, update.columns) == (3, 4))
  }

  @Test func aStoreOfAnAdapterIsAnAdapter() throws {
    let first = try adapter(factors("q_proj"), #"{"r": 2, "lora_alpha": 6}"#)
    let again = try Models.importOne(first.store, into: folder.at("others"))
    #expect(again.adapter == first.adapter)
  }

  @Test func aFactorWithoutItsOtherHalfIsNamed() throws {
    let error = try #require(throws: Failure.self) { try adapter([factors("q_proj")[0]], "{}") }
    #expect(error.kind == .badInput)
    #expect(error.message.contains("'base_model.model.q_proj'"))
  }

  @Test func otherKindsOfAdaptersAndBrokenConfigurationsAreRefused() throws {
    let kind = try #require(throws: Failure.self) { try adapter(factors("q"), #"{"peft_type": "IA3"}"#) }
    #expect(kind.message.contains("'IA3'"))
    let broken = try #require(throws: Failure.self) { try adapter(factors("q"), "{") }
    #expect(broken.message.contains("adapter_config.json"))
  }
}
