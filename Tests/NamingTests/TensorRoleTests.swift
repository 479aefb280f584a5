import Core
import Naming
import Testing

/// Names as published checkpoints have them.
struct TensorRoleTests {
  private func role(_ name: String, _ extents: [Int]) throws -> TensorRole {
    CanonicalTensor(name: name, shape: try #require(TensorShape(extents))).role
  }

  @Test(arguments: [
    // Llama
    "model.layers.0.self_attn.q_proj.weight", "model.layers.31.mlp.down_proj.weight",
    "model.layers.3.block_sparse_moe.experts.7.w1.weight", "model.layers.3.block_sparse_moe.gate.weight",
    // BERT
    "bert.encoder.layer.0.attention.self.query.weight", "bert.encoder.layer.11.output.dense.weight",
    // ViT
    "vit.encoder.layer.5.intermediate.dense.weight", "blocks.3.attn.qkv.weight",
    // GPT-2
    "h.0.attn.c_attn.weight", "transformer.h.11.mlp.c_proj.weight",
    // T5
    "encoder.block.0.layer.0.SelfAttention.q.weight", "decoder.block.2.layer.2.DenseReluDense.wi_0.weight",
    // diffusers
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight",
    "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj.weight",
    "up_blocks.3.resnets.2.time_emb_proj.weight",
  ])
  func mapsInsideTheNetworkAreLinear(name: String) throws {
    #expect(try role(name, [768, 768]) == .linear)
  }

  @Test(arguments: [
    ("conv_in.weight", [320, 4, 3, 3]), ("down_blocks.1.downsamplers.0.conv.weight", [640, 640, 3, 3]),
    ("up_blocks.1.resnets.0.conv_shortcut.weight", [1280, 2560, 1, 1]),
  ])
  func convolutionsAreLinear(name: String, extents: [Int]) throws {
    #expect(try role(name, extents) == .linear)
  }

  @Test(arguments: [
    "model.embed_tokens.weight", "bert.embeddings.word_embeddings.weight",
    "bert.embeddings.token_type_embeddings.weight", "embeddings.position_embeddings.weight",
    "vit.embeddings.position_embeddings", "pos_embed", "wte.weight", "transformer.wpe.weight",
    "shared.weight", "encoder.embed_tokens.weight",
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "text_model.embeddings.token_embedding.weight",
  ])
  func tablesAreEmbeddings(name: String) throws {
    #expect(try role(name, [30_522, 768]) == .embedding)
  }

  @Test(arguments: [
    "lm_head.weight", "classifier.weight", "bert.pooler.dense.weight",
    "cls.predictions.transform.dense.weight", "cls.seq_relationship.weight", "qa_outputs.weight",
    "score.weight", "head.weight", "classification_head.dense.weight",
  ])
  func outputLayersAreHeads(name: String) throws {
    #expect(try role(name, [10, 768]) == .head)
  }

  @Test(arguments: [
    "model.norm.weight", "bert.encoder.layer.0.attention.output.LayerNorm.bias", "h.0.ln_1.weight",
    "classifier.bias", "lm_head.bias", "conv_norm_out.weight", "bert.embeddings.LayerNorm.weight",
  ])
  func vectorsAreVectorsWhateverTheirName(name: String) throws {
    #expect(try role(name, [768]) == .vector)
  }

  @Test func scalarsAreVectors() throws {
    #expect(try role("logit_scale", []) == .vector)
  }

  @Test func aWordInsideANamePartIsNoMatch() throws {
    #expect(try role("model.layers.0.headroom.weight", [8, 8]) == .linear)
    #expect(try role("model.layers.0.multi_head_attention.weight", [8, 8]) == .linear)
    #expect(try role("scored.weight", [8, 8]) == .linear)
  }

  @Test func theCaseOfNamesDoesNotMatter() throws {
    #expect(try role("LM_Head.weight", [8, 8]) == .head)
    #expect(try role("Model.Embed_Tokens.weight", [8, 8]) == .embedding)
  }

  @Test(arguments: [
    "time_embedding.linear_1.weight", "unet.add_embedding.linear_2.weight",
  ])
  func mapsInsideBlocksCalledEmbeddingsAreLinear(_ name: String) throws {
    #expect(try role(name, [1280, 320]) == .linear)
  }

  @Test(arguments: ["vit.embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight"])
  func imagePatchesAreATable(_ name: String) throws {
    #expect(try role(name, [1280, 320]) == .embedding)
  }
}
