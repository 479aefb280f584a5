import Core
import Naming
import Testing

/// Names as published checkpoints have them, one dialect beside the other.
struct DialectTests {
  private func canonical(_ names: [String]) throws -> [CanonicalTensor] {
    let shape = try #require(TensorShape([16, 16]))
    return CanonicalNaming.tensors(named: names, shapes: names.map { _ in shape })
  }

  private static let llama = [
    "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight", "model.layers.1.input_layernorm.weight",
    "model.layers.1.self_attn.q_proj.weight", "model.layers.1.self_attn.k_proj.weight",
    "model.layers.1.self_attn.v_proj.weight", "model.layers.1.self_attn.o_proj.weight",
    "model.layers.1.post_attention_layernorm.weight", "model.layers.1.mlp.gate_proj.weight",
    "model.layers.1.mlp.up_proj.weight", "model.layers.1.mlp.down_proj.weight",
  ]
  /// The same tensors in the same order.
  private static let meta = [
    "tok_embeddings.weight", "norm.weight", "output.weight", "layers.1.attention_norm.weight",
    "layers.1.attention.wq.weight", "layers.1.attention.wk.weight", "layers.1.attention.wv.weight",
    "layers.1.attention.wo.weight", "layers.1.ffn_norm.weight", "layers.1.feed_forward.w1.weight",
    "layers.1.feed_forward.w3.weight", "layers.1.feed_forward.w2.weight",
  ]
  private static let gguf = [
    "token_embd.weight", "output_norm.weight", "output.weight", "blk.1.attn_norm.weight", "blk.1.attn_q.weight",
    "blk.1.attn_k.weight", "blk.1.attn_v.weight", "blk.1.attn_output.weight", "blk.1.ffn_norm.weight",
    "blk.1.ffn_gate.weight", "blk.1.ffn_up.weight", "blk.1.ffn_down.weight",
  ]

  @Test(arguments: [meta, gguf])
  func renamedTensorsMeetThoseOfTransformersAndRotaryRowsDoNot(_ names: [String]) throws {
    let (ours, theirs) = (try canonical(names), try canonical(Self.llama))
    for (index, name) in names.enumerated() {
      if [4, 5].contains(index) {
        #expect(ours[index].rearrangement?.steps == [.pairsToHalves], "\(name)")
        #expect(ours[index].rearrangement?.results == [theirs[index].name])
        #expect(ours[index] != theirs[index])
      } else {
        #expect(ours[index] == theirs[index], "\(name)")
      }
    }
  }

  @Test func transformersNamesAreCanonicalAsTheyAre() throws {
    #expect(try canonical(Self.llama).map(\.name) == Self.llama.map(CanonicalName.of))
  }

  @Test func oldNormsOfBERTMeetTheNewOnes() throws {
    let new = [
      "embeddings.word_embeddings.weight", "embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias",
      "encoder.layer.3.attention.self.query.weight", "encoder.layer.3.attention.output.LayerNorm.weight",
      "encoder.layer.3.attention.output.LayerNorm.bias", "encoder.layer.3.output.LayerNorm.weight",
      "encoder.layer.3.output.dense.bias",
    ].map { "bert.\($0)" }
    let old = new.map {
      let parts = $0.split(separator: ".")
      guard parts[parts.count - 2] == "LayerNorm" else { return $0 }
      return (parts.dropLast() + [parts.last == "weight" ? "gamma" : "beta"]).joined(separator: ".")
    }
    #expect(old != new)
    #expect(try canonical(old) == canonical(new))
  }

  @Test func timmMeetsTransformersWhereNothingIsFused() throws {
    let timm = [
      "cls_token", "pos_embed", "patch_embed.proj.weight", "blocks.5.norm1.weight", "blocks.5.attn.proj.bias",
      "blocks.5.mlp.fc1.weight", "blocks.5.mlp.fc2.bias", "norm.bias", "head.weight", "blocks.5.attn.qkv.weight",
    ]
    let vit = [
      "vit.embeddings.cls_token", "vit.embeddings.position_embeddings",
      "vit.embeddings.patch_embeddings.projection.weight", "vit.encoder.layer.5.layernorm_before.weight",
      "vit.encoder.layer.5.attention.output.dense.bias", "vit.encoder.layer.5.intermediate.dense.weight",
      "vit.encoder.layer.5.output.dense.bias", "vit.layernorm.bias", "classifier.weight",
      "vit.encoder.layer.5.attention.attention.query.weight",
    ]
    let (ours, theirs) = (try canonical(timm), try canonical(vit))
    #expect(ours.dropLast() == theirs.dropLast())
    let fused = try #require(ours.last?.rearrangement)
    #expect(fused.steps == [.splitRows])
    #expect(
      fused.results
        == ["query", "key", "value"].map { "encoder.layer.5.attention.attention.\($0).weight" })
  }

  @Test func mapsOfGPT2AreTransposedInTransformersAndAreNotInGGUF() throws {
    let gguf = [
      "token_embd.weight", "position_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight",
      "blk.0.ffn_norm.bias", "blk.0.ffn_up.bias", "blk.0.ffn_up.weight", "blk.0.attn_qkv.weight",
    ]
    let names = try canonical(gguf)
    #expect(
      names.dropLast().map(\.name) == [
        "wte.weight", "wpe.weight", "ln_f.weight", "h.0.ln_1.weight", "h.0.ln_2.bias", "h.0.mlp.c_fc.bias",
        "h.0.mlp.c_fc.weight",
      ])
    #expect(names.last?.stack == "h.", "it stays in its layer")
    let parts = ["q", "k", "v"].map { "h.0.attn.\($0)_proj.weight" }
    #expect(names.last?.rearrangement == Rearrangement(steps: [.splitRows], results: parts))
    let wide = try #require(TensorShape([16, 64]))
    let own = CanonicalNaming.tensors(
      named: ["wte.weight", "h.0.ln_1.weight", "h.0.mlp.c_fc.weight", "h.0.attn.c_attn.weight"],
      shapes: Array(repeating: wide, count: 4))
    #expect(own[2].rearrangement == Rearrangement(steps: [.transpose], results: ["h.0.mlp.c_fc.weight"]))
    #expect(own[3].rearrangement == Rearrangement(steps: [.transpose, .splitRows], results: parts))
  }

  /// nanoGPT has GPT-2's names; the shape of a map tells them apart.
  @Test func linearMapsOfGPT2ThatAreStoredUprightAreLeft() throws {
    let tall = try #require(TensorShape([64, 16]))
    let own = CanonicalNaming.tensors(
      named: ["transformer.wte.weight", "transformer.h.0.ln_1.weight", "transformer.h.0.mlp.c_fc.weight"],
      shapes: Array(repeating: tall, count: 3))
    #expect(own[2] == CanonicalTensor(name: "h.0.mlp.c_fc.weight", shape: tall))
  }

  @Test(arguments: [
    "language_model.model.", "model.language_model.", "model.", "net.student.", "_orig_mod.module.model.",
  ])
  func theLanguageModelInsideAnotherIsOne(_ front: String) throws {
    let names = Self.llama.map { name in
      name.hasPrefix("model.")
        ? front + name.dropFirst(6) : front == "language_model.model." ? "language_model.\(name)" : name
    }
    let tower = (0..<9).flatMap { layer in
      ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2"].map {
        "vision_tower.vision_model.encoder.layers.\(layer).\($0).weight"
      }
    }
    let found = try canonical(names + tower).map(\.name)
    #expect(Array(found[..<names.count]) == Self.llama.map(CanonicalName.of))
    #expect(found[names.count...].allSatisfy { $0.hasPrefix("vision_model.encoder.layers.") })
  }

  @Test func fusedMapsOfPhiNameTheirParts() throws {
    let names =
      Self.llama.filter { !$0.contains("_proj") }
      + ["qkv_proj", "o_proj"].map { "model.layers.1.self_attn.\($0).weight" }
      + ["gate_up_proj", "down_proj"].map { "model.layers.1.mlp.\($0).weight" }
    let found = try canonical(names)
    let fused = found.compactMap(\.rearrangement)
    #expect(fused.map(\.steps) == [[.splitRows], [.splitRows]])
    #expect(Set(fused.flatMap(\.results)).isSubset(of: try canonical(Self.llama).map(\.name)))
  }

  @Test func stackedExpertsNameEachOfThem() throws {
    let shape = try #require(TensorShape([2, 6, 4]))
    let names =
      Self.llama.filter { !$0.contains(".mlp.") } + [
        "model.layers.1.mlp.gate.weight", "model.layers.1.mlp.experts.gate_up_proj",
      ]
    let found = CanonicalNaming.tensors(named: names, shapes: names.map { _ in shape })
    #expect(
      found.last?.rearrangement?.results
        == (0..<2).flatMap { expert in
          ["gate", "up"].map { "layers.1.mlp.experts.\(expert).\($0)_proj.weight" }
        })
  }

  /// Blocks that Stable Diffusion numbers through are those of levels in diffusers.
  @Test(arguments: [
    ("input_blocks.0.0.weight", "conv_in.weight"),
    (
      "input_blocks.4.1.transformer_blocks.0.attn2.to_out.0.bias",
      "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0.bias"
    ),
    ("input_blocks.11.0.in_layers.2.weight", "down_blocks.3.resnets.1.conv1.weight"),
    ("input_blocks.6.0.op.weight", "down_blocks.1.downsamplers.0.conv.weight"),
    ("middle_block.2.emb_layers.1.weight", "mid_block.resnets.1.time_emb_proj.weight"),
    ("output_blocks.5.2.conv.weight", "up_blocks.1.upsamplers.0.conv.weight"),
    ("output_blocks.10.0.skip_connection.weight", "up_blocks.3.resnets.1.conv_shortcut.weight"),
  ])
  func blocksOfStableDiffusionAreThoseOfLevels(_ single: String, _ folder: String) throws {
    let others = ["time_embed.0", "time_embed.2", "out.0", "out.2"]
    let names = (others.map { "\($0).weight" } + [single]).map { "model.diffusion_model.\($0)" }
    #expect(try canonical(names).last?.name == folder)
    let theirs = ["time_embedding.linear_1.weight", "conv_norm_out.weight", "conv_out.weight", folder].map {
      "unet.\($0)"
    }
    #expect(try canonical(theirs).last?.name == folder)
  }

  @Test func unknownTensorsOfALayerStayInTheLayer() throws {
    let names = try canonical(Self.gguf + ["blk.1.attn_sinks.weight", "rope_freqs.weight"])
    #expect(names[Self.gguf.count].name == "layers.1.attn_sinks.weight")
    #expect(names[Self.gguf.count + 1].name == "rope_freqs.weight")
  }

  @Test func aModelOfAnotherKindIsNotTranslated() throws {
    let names = ["down_blocks.0.conv.weight", "mid_block.proj.weight", "norm.weight", "conv_out.weight"]
    #expect(try canonical(names).map(\.name) == names)
  }

  @Test func twoNamesThatWouldBecomeOneStayApart() throws {
    #expect(try canonical(["model.a", "module.a", "model.b"]).map(\.name) == ["model.a", "module.a", "b"])
  }

  @Test func everyDialectIsReadAndHasItsOwnName() {
    let names = Dialect.all.map(\.name)
    #expect(Set(Dialect.all.map(\.reference)).isSubset(of: names))
    #expect(Set(names).count == names.count)
  }
}
