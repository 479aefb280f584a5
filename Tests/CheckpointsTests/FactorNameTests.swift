import Checkpoints
import Testing

/// Names of factors as the tools that train adapters write them.
struct FactorNameTests {
  @Test(arguments: [
    ("base_model.model.x.q.lora_A.weight", "base_model.model.x.q", FactorName.Part.down),
    ("base_model.model.x.q.lora_B.default.weight", "base_model.model.x.q", .up),
    ("base_model.model.embed.lora_embedding_A", "base_model.model.embed", .tableDown),
    ("base_model.model.embed.lora_embedding_B.default", "base_model.model.embed", .tableUp),
    ("base_model.model.x.q.lora_magnitude_vector.default.weight", "base_model.model.x.q", .magnitude),
    ("lora_unet_down_blocks_0_to_q.lora_down.weight", "lora_unet_down_blocks_0_to_q", .down),
    ("lora_unet_down_blocks_0_to_q.alpha", "lora_unet_down_blocks_0_to_q", .alpha),
    ("lora_unet_x.dora_scale", "lora_unet_x", .magnitude),
    ("unet.x.attn1.to_k.lora.up.weight", "unet.x.attn1.to_k", .up),
    ("text_encoder.x.q_proj.lora_linear_layer.down.weight", "text_encoder.x.q_proj", .down),
    ("blk.0.attn_q.weight.lora_a", "blk.0.attn_q", .down), ("blk.0.attn_q.weight.lora_b", "blk.0.attn_q", .up),
    ("token_embd.weight.lora_a", "token_embd", .tableRows), ("token_embd.weight.lora_b", "token_embd", .tableUp),
    ("x.attn1.processor.to_q_lora.down.weight", "x.attn1.to_q", .down),
    ("x.attn1.processor.to_out_lora.up.weight", "x.attn1.to_out.0", .up),
  ])
  func factorsBelongToTheirModules(_ name: String, _ module: String, _ part: FactorName.Part) throws {
    let found = try #require(FactorName(name))
    #expect((found.module, found.part) == (module, part))
  }

  @Test(arguments: [
    "x.weight", "lora_a", "weight.lora_b", "lora_A", "lora_A.weight", "alpha", "", ".", "x.down.weight",
    "lora.down.weight", "x.mlp.up",
  ])
  func otherNamesAreNoFactors(_ name: String) {
    #expect(FactorName(name) == nil)
  }
}

/// Regular expressions in configurations of adapters.
struct NamePatternTests {
  @Test(arguments: [
    (#".*\.layers\.3\..*(q_proj|v_proj)$"#, "model.layers.3.self_attn.q_proj", true),
    (#".*\.layers\.3\..*(q_proj|v_proj)$"#, "model.layers.13.self_attn.q_proj", false),
    (#"^model\.layers\.0\..*"#, "model.layers.0.mlp.up_proj", true),
    (#"^model\.layers\.0\..*"#, "x.model.layers.0.a", false),
    (#"q_proj"#, "a.q_proj", true), (#"q_proj"#, "a.xq_proj", false),
    (#"layers\.[0-3]\.(?:q|k)_proj"#, "m.layers.2.k_proj", true),
    (#"layers\.[^0-3]\.q"#, "layers.2.q", false), (#"a?b+c*"#, "abb", true),
    (#"(a+)+$"#, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false),
    (#"\d+\.w"#, "12.w", true),
  ])
  func theyMatchAsInPEFT(_ pattern: String, _ text: String, _ isMatch: Bool) throws {
    #expect(try #require(NamePattern(pattern)).matches(text) == isMatch)
  }

  @Test(arguments: [
    "(", "a)", "[a", "*a", "a{2}", #"\1"#, "(?=a)", String(repeating: "(", count: 400),
    String(repeating: "a", count: 600),
  ])
  func whatIsNotReadMatchesNothing(_ pattern: String) {
    #expect(NamePattern(pattern) == nil)
  }
}
