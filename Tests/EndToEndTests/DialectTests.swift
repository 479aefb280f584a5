import Foundation
import TestPrograms
import TestSupport
import Testing

/// Models of one family whose files follow different naming conventions are still one family.
struct DialectTests {
  /// Names of the same tensors in two dialects.
  struct Pair: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var ours: [String]
    var theirs: [String]
  }

  private static func layers(_ names: [(String, String)]) -> [(String, String)] {
    (0..<2).flatMap { layer in
      names.map {
        ($0.replacingOccurrences(of: "#", with: "\(layer)"), $1.replacingOccurrences(of: "#", with: "\(layer)"))
      }
    }
  }

  /// Sorted by the first, as `make_models.py` pairs them.
  private static func pair(_ what: String, _ names: [(String, String)]) -> Pair {
    let sorted = names.sorted { $0.0 < $1.0 }
    return Pair(testDescription: what, ours: sorted.map(\.0), theirs: sorted.map(\.1))
  }

  static let pairs = [
    pair(
      "Meta",
      [("model.embed_tokens.weight", "tok_embeddings.weight"), ("lm_head.weight", "output.weight")]
        + layers([
          ("model.layers.#.self_attn.v_proj.weight", "layers.#.attention.wv.weight"),
          ("model.layers.#.self_attn.o_proj.weight", "layers.#.attention.wo.weight"),
          ("model.layers.#.mlp.gate_proj.weight", "layers.#.feed_forward.w1.weight"),
          ("model.layers.#.mlp.up_proj.weight", "layers.#.feed_forward.w3.weight"),
          ("model.layers.#.mlp.down_proj.weight", "layers.#.feed_forward.w2.weight"),
        ])),
    pair(
      "GGUF",
      layers([
        ("model.layers.#.self_attn.v_proj.weight", "blk.#.attn_v.weight"),
        ("model.layers.#.mlp.up_proj.weight", "blk.#.ffn_up.weight"),
        ("model.layers.#.mlp.down_proj.weight", "blk.#.ffn_down.weight"),
      ])),
    pair(
      "gamma and beta",
      layers([
        ("bert.encoder.layer.#.output.LayerNorm.weight", "encoder.layer.#.output.LayerNorm.gamma"),
        ("bert.encoder.layer.#.output.LayerNorm.bias", "encoder.layer.#.output.LayerNorm.beta"),
        (
          "bert.encoder.layer.#.attention.output.LayerNorm.weight",
          "encoder.layer.#.attention.output.LayerNorm.gamma"
        ),
      ])),
    pair(
      "timm",
      layers([
        ("vit.encoder.layer.#.intermediate.dense.weight", "blocks.#.mlp.fc1.weight"),
        ("vit.encoder.layer.#.output.dense.weight", "blocks.#.mlp.fc2.weight"),
        ("vit.encoder.layer.#.attention.output.dense.weight", "blocks.#.attn.proj.weight"),
      ])),
  ]

  @Test(arguments: pairs)
  func anotherDialectIsNoOtherFamily(_ pair: Pair) throws {
    let scratch = try TemporaryFolder()
    let root = Recipe(folder: scratch.at("models/root"), seed: 1, names: pair.ours)
    try Recipe.make([
      root, Recipe(folder: scratch.at("models/same"), seed: 2, parent: root.folder),
      Recipe(folder: scratch.at("models/other"), seed: 3, parent: root.folder, names: pair.theirs),
    ])
    let output = try Program.run(
      Program.modeltree, ["recover", scratch.at("models"), "--out", scratch.at("run")])
    #expect(output.status == 0, "\(output.stderr)")
    #expect(output.stdout.contains("family 0: 3 models"), "\(output.stdout)")
    #expect(!output.stderr.contains("in no other model"), "every tensor has its counterpart: \(output.stderr)")
  }
}
