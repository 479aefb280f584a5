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

  @Test func mapsOfGPT2AreTransposedAndItsVectorsAreNot() throws {
    let gguf = [
      "token_embd.weight", "position_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight",
      "blk.0.attn_qkv.bias", "blk.0.ffn_norm.bias", "blk.0.ffn_up.bias", "blk.0.ffn_up.weight",
    ]
    let names = try canonical(gguf)
    #expect(
      names.dropLast().map(\.name) == [
        "wte.weight", "wpe.weight", "ln_f.weight", "h.0.ln_1.weight", "h.0.attn.c_attn.bias", "h.0.ln_2.bias",
        "h.0.mlp.c_fc.bias",
      ])
    #expect(names.last?.rearrangement == Rearrangement(steps: [.transpose], results: ["h.0.mlp.c_fc.weight"]))
    #expect(names.last?.stack == "h.", "it stays in its layer")
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
    #expect(names.count == 12)
    #expect(Set(names).count == names.count)
  }
}
