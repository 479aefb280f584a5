import Alignment
import Checkpoints
import Core
import Naming
import Storage
import System
import TestPrograms
import TestSeed
import TestSupport
import Testing

/// Adapters of every tool find the weights that they change.
struct AdapterTargetsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func matrix(_ name: String, _ rows: Int, _ columns: Int, seed: UInt64 = 1) -> TestTensor {
    var random = SeededRandom(seed)
    return TestTensor(name, .f32, [rows, columns], (0..<rows * columns).map { _ in random.nextWeight() })
  }

  private func adapter(_ name: String, _ tensors: [TestTensor], _ config: String = "{}") throws -> ModelRecord {
    try folder.write(tensors, to: "\(name)/adapter_model.safetensors")
    try folder.write(config, to: "\(name)/adapter_config.json")
    return try Models.importOne(folder.at(name), into: folder.at("stores"))
  }

  private func factors(
    _ module: String, _ down: String, _ up: String, rows: Int = 24, columns: Int = 16, seed: UInt64 = 1
  )
    -> [TestTensor]
  {
    [matrix(module + down, 2, columns, seed: seed), matrix(module + up, rows, 2, seed: seed + 1)]
  }

  private let unet = [
    "conv_in.weight", "conv_out.weight", "time_embedding.linear_1.weight",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight",
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0.weight",
  ]

  @Test(arguments: [
    ("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q", ".lora_down.weight", ".lora_up.weight", 3),
    ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q", ".lora_down.weight", ".lora_up.weight", 3),
    ("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0", ".lora_A.weight", ".lora_B.weight", 4),
    ("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", ".lora.down.weight", ".lora.up.weight", 3),
    (
      "down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor", ".to_out_lora.down.weight",
      ".to_out_lora.up.weight", 4
    ),
  ])
  func weightsOfADenoiserAreFound(_ module: String, _ down: String, _ up: String, _ target: Int) throws {
    let single = [
      "input_blocks.0.0.weight", "out.2.weight", "time_embed.0.weight",
      "input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight",
      "input_blocks.4.1.transformer_blocks.0.attn1.to_out.0.weight",
    ].map { "model.diffusion_model.\($0)" }
    for names in [unet, single] {
      let folder = try TemporaryFolder()
      let base = try Models.make([names.map { matrix($0, 24, 16) }], in: folder)
      let models = try Aligner.aligned(base + [adapter("lora", factors(module, down, up))])
      #expect(models.maps[1].updates.map(\.name) == [models.maps[0].tensors[target].name], "\(names[3])")
    }
  }

  @Test func theScaleIsAlphaOverTheRank() throws {
    let alpha = TestTensor("lora_unet_x.alpha", .f32, [], [8])
    let record = try adapter("lora", factors("lora_unet_x", ".lora_down.weight", ".lora_up.weight") + [alpha])
    #expect(record.adapter?.updates.map(\.scale) == [4])
    #expect(record.tensors.isEmpty)
  }

  /// The gguf package's file of an adapter, against the same adapter as PEFT writes it.
  @Test(arguments: [true, false])
  func anAdapterOfLlamaCppChangesWhatThatOfPEFTDoes(_ isBasePresent: Bool) throws {
    let random = Seeded.fresh()
    try Oracle.run("gguf_files.py", "lora", folder.path, "\(random.seed)")
    let adapters = try ["peft", "lora.gguf"].map {
      try Models.importOne(folder.at($0), into: folder.at("stores/\($0)"))
    }
    #expect(adapters[1].adapter?.declaredBase == "org/base")
    let names = ["q", "k", "v", "o"].flatMap { part in
      (0..<2).map { ("model.layers.\($0).self_attn.\(part)_proj.weight", "qo".contains(part) ? 32 : 16) }
    }
    let tensors = names.map { matrix($0.0, $0.1, 32) } + [matrix("model.embed_tokens.weight", 40, 32)]
    try folder.write(
      #"{"num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 32}"#, to: "base/config.json")
    try folder.write(tensors, to: "base/model.safetensors")
    let base = try Models.importOne(folder.at("base"), into: folder.at("stores"))
    let models = try Aligner.aligned(isBasePresent ? [base] + adapters : adapters)
    let (peft, gguf) = (models.models.count - 2, models.models.count - 1)
    // Of which weight, with which scale, in which direction.
    func changes(_ number: Int) throws -> [String: [Float]] {
      let updates = try #require(models.models[number].adapter?.updates)
      return try Dictionary(
        uniqueKeysWithValues: zip(models.maps[number].updates, updates).map { tensor, update in
          #expect(update.scale == 2 && update.rank == 3, "seed \(random.seed)")
          return (tensor.name, try update.down.values() + update.up.values() + [update.isTransposed ? 1 : 0])
        })
    }
    let (known, found) = (try changes(peft), try changes(gguf))
    #expect(known.count == 9 && Set(known.keys) == Set(found.keys), "\(found.keys)")
    // Without a model, nobody knows how large a head is.
    for (name, numbers) in known where isBasePresent || !name.contains("q_proj") && !name.contains("k_proj") {
      #expect(found[name] == numbers, "\(name), seed \(random.seed)")
    }
    #expect(models.models[gguf].adapter?.isWithoutBase == !isBasePresent)
  }

  @Test func aFactorOfGGUFWithoutItsOtherHalfIsNamed() throws {
    let lone = [matrix("blk.0.attn_q.weight.lora_a", 2, 16), matrix("blk.1.attn_q.weight.lora_a", 2, 16)]
    let failure = try #require(failure { _ = try adapter("x", lone) })
    #expect(failure.message.contains("'blk.0.attn_q'"))
  }

  private let llama = ["q_proj", "k_proj", "v_proj", "o_proj"].map { "model.layers.0.self_attn.\($0).weight" }

  /// B's rows go where the rows of the fused weight go.
  @Test func aChangeOfAFusedWeightIsOneOfEachOfItsParts() throws {
    let plain = llama.enumerated().map { matrix($1, 16, 16, seed: UInt64($0)) }
    let fused = [matrix("model.layers.0.self_attn.qkv_proj.weight", 48, 16), matrix(llama[3], 16, 16)]
    let change = factors(
      "base_model.model.model.layers.0.self_attn.qkv_proj", ".lora_A.weight", ".lora_B.weight", rows: 48)
    let models = try Aligner.aligned(Models.make([plain, fused], in: folder) + [adapter("lora", change)])
    let updates = try #require(models.models[2].adapter?.updates)
    #expect(models.maps[2].updates.map(\.name) == llama[..<3].map { CanonicalName.of($0) })
    #expect(try updates.flatMap { try $0.up.values() } == change[1].values.map(Float.init))
    #expect(updates.allSatisfy { $0.rows == 16 && $0.columns == 16 })
  }

  @Test func adaptersWithoutABaseAreComparedWithEachOther() throws {
    let other = try Models.make([[matrix("x", 3, 3)]], in: folder)
    let names = ("base_model.model.layers.0.q", ".lora_A.weight", ".lora_B.weight")
    let adapters = try ["a", "b"].map { try adapter($0, factors(names.0, names.1, names.2)) }
    let models = try Aligner.aligned(other + adapters)
    #expect(models.models[1...].allSatisfy { $0.adapter?.isWithoutBase == true && $0.tensors.count == 2 })
    #expect(models.maps[1].tensors == models.maps[2].tensors)
    let one = try Aligner.aligned(other + [adapters[0]])
    #expect(one.models[1].adapter?.isWithoutBase == false, "there is nothing to compare it with")
  }

  @Test func expertsThatComeFromDenseModelsAreFound() throws {
    let kinds = ["gate_proj", "up_proj", "down_proj"]
    let attention = llama.enumerated().map { matrix($1, 16, 16, seed: UInt64($0)) }
    let mlp = kinds.enumerated().map { matrix("model.layers.0.mlp.\($1).weight", 16, 16, seed: 50 + UInt64($0)) }
    func sparse(_ first: UInt64) -> [TestTensor] {
      attention
        + (0..<2).flatMap { expert in
          kinds.enumerated().map {
            matrix("model.layers.0.mlp.experts.\(expert).\($1).weight", 16, 16, seed: first + UInt64($0))
          }
        }
    }
    let models = try Aligner.aligned(Models.make([attention + mlp, sparse(50), sparse(80)], in: folder))
    #expect(models.maps.map(\.denseOrigins) == [[], [0], []])
    #expect(models.maps[1].mayDescend(from: models.maps[0]) && !models.maps[0].mayDescend(from: models.maps[1]))
  }
}
