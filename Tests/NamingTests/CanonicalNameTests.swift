import Naming
import Testing

/// Names without the wrappers that frameworks and task models put in front.
struct CanonicalNameTests {
  @Test(arguments: [
    ("model.layers.0.self_attn.q_proj.weight", "layers.0.self_attn.q_proj.weight"),
    ("base_model.model.model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight"),
    ("_orig_mod.module.bert.encoder.layer.1.output.dense.weight", "encoder.layer.1.output.dense.weight"),
    ("lm_head.weight", "lm_head.weight"), ("lm_head.base_layer.weight", "lm_head.weight"),
    ("base_model.model.score.modules_to_save.default.weight", "score.weight"),
    (
      "model.layers.0._checkpoint_wrapped_module.self_attn._fsdp_wrapped_module.q_proj.weight",
      "layers.0.self_attn.q_proj.weight"
    ),
    ("modelling.weight", "modelling.weight"),
  ])
  func wrappersAreRemoved(_ name: String, _ canonical: String) {
    #expect(CanonicalName.of(name) == canonical)
  }

  @Test func aWrapperAloneIsAName() {
    #expect(CanonicalName.of("model.") == "model.")
    #expect(CanonicalName.of("vit.model.") == "model.")
  }

  @Test func namesOutsideASCIILoseTheirWrappersToo() {
    #expect(CanonicalName.of("model.größe") == "größe")
  }
}
