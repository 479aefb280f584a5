import Core
import Foundation
import TestPrograms
import TestSeed
import TestSupport
import Testing

/// Parts of networks that were published alone or taken over, and adapters that carry some: what the programs say of them.
@Suite struct PartTests {
  private struct Verdict: Decodable {
    var kinship: String
    var parent: String?
    var relation: String?
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func tensor(_ name: String, _ shape: [Int], _ random: inout Seeded) -> TestTensor {
    TestTensor(name, .f32, shape, (0..<shape.reduce(1, *)).map { _ in 0.05 * random.normal() })
  }

  /// The same numbers, and a tenth of what others have.
  private func trained(_ tensor: TestTensor, _ random: inout Seeded) -> TestTensor {
    TestTensor(tensor.name, .f32, tensor.shape, tensor.values.map { $0 + 0.005 * random.normal() })
  }

  private func renamed(_ tensors: [TestTensor], _ prefix: String) -> [TestTensor] {
    tensors.map { tensor in
      var tensor = tensor
      tensor.name = prefix + tensor.name
      return tensor
    }
  }

  private func decoder(_ random: inout Seeded) -> [TestTensor] {
    (0..<4).flatMap { layer in
      [
        tensor("model.layers.\(layer).self_attn.q_proj.weight", [64, 64], &random),
        tensor("model.layers.\(layer).mlp.up_proj.weight", [128, 64], &random),
      ]
    } + [tensor("model.embed_tokens.weight", [256, 64], &random), tensor("lm_head.weight", [256, 64], &random)]
  }

  private func tower(_ random: inout Seeded) -> [TestTensor] {
    (0..<8).flatMap { layer in
      [
        tensor("vision_model.encoder.layers.\(layer).self_attn.q_proj.weight", [40, 40], &random),
        tensor("vision_model.encoder.layers.\(layer).self_attn.q_proj.bias", [40], &random),
      ]
    }
  }

  private func write(_ tensors: [TestTensor], to name: String) throws {
    try folder.write(tensors, to: "\(name)/model.safetensors")
  }

  private func compare(_ a: String, _ b: String) throws -> Verdict {
    let output = try Program.run(Program.modeltree, ["compare", folder.at(a), folder.at(b), "--format", "json"])
    #expect(output.status == 0, "\(output.stderr)")
    return try JSONDecoder().decode(Verdict.self, from: Data(output.stdout.utf8))
  }

  @Test func aTowerMakesNoRelativesOfStrangersAndIsNamed() throws {
    var random = Seeded.fresh()
    let (one, other, vision) = (decoder(&random), decoder(&random), tower(&random))
    let inside = renamed(vision, "vision_tower.")
    try write(renamed(one, "language_model.") + inside, to: "models/one")
    try write(renamed(one.map { trained($0, &random) }, "language_model.") + inside, to: "models/one-child")
    try write(renamed(other, "language_model.") + inside, to: "models/other")
    try write(vision, to: "models/tower")
    try write(one, to: "models/text")
    #expect(try compare("models/one", "models/other").kinship == "shares_component", "seed \(random.seed)")
    #expect(try compare("models/one", "models/tower").kinship == "shares_component", "seed \(random.seed)")
    #expect(try compare("models/text", "models/one").kinship == "related", "seed \(random.seed)")

    let run = folder.at("run")
    let recovered = try Program.run(Program.modeltree, ["recover", folder.at("models"), "--out", run])
    #expect(recovered.status == 0, "\(recovered.stderr)")
    let tree = try JSONDecoder().decode(Tree.self, from: Data(contentsOf: URL(fileURLWithPath: "\(run)/tree.json")))
    let families = Dictionary(grouping: tree.nodes, by: \.family).values.map { Set($0.map(\.id)) }
    #expect(Set(families) == [["one", "one-child", "text"], ["other"], ["tower"]], "seed \(random.seed)")
    let parts = tree.links.filter { $0.relation == "contains" }
    #expect(parts.contains { $0.source == "tower" } && !parts.contains { $0.target == "tower" })
    #expect(parts.allSatisfy { $0.component?.contains("vision") == true })

    let registry = folder.at("registry")
    for name in ["one", "other"] {
      let added = try Program.run(
        Program.modeltree, ["fingerprint", folder.at("models/\(name)"), "--registry", registry])
      #expect(added.status == 0, "\(added.stderr)")
    }
    let scan = try Program.run(Program.modeltree, ["scan", folder.at("models/tower"), "--registry", registry])
    #expect(scan.stdout.contains("not related as a whole") && !scan.stdout.contains("ancestor"), "\(scan.stdout)")
  }

  private struct Tree: Decodable {
    struct Node: Decodable {
      var id: String
      var family: Int
    }
    struct Link: Decodable {
      var source: String
      var target: String
      var relation: String
      var component: String?
    }
    var nodes: [Node]
    var links: [Link]
  }

  private func adapter(_ random: inout Seeded, up: Double, carrying head: [TestTensor]) throws -> [TestTensor] {
    (0..<4).flatMap { layer in
      let name = "base_model.model.model.layers.\(layer).self_attn.q_proj"
      return [
        tensor("\(name).lora_A.weight", [4, 64], &random),
        TestTensor("\(name).lora_B.weight", .f32, [64, 4], (0..<256).map { _ in up * random.normal() }),
      ]
    } + renamed(head, "base_model.model.")
  }

  @Test func anAdapterIsPlacedByTheHeadThatItCarries() throws {
    var random = Seeded.fresh()
    let base = decoder(&random)
    try write(base, to: "base")
    let head = base.suffix(1).map { trained($0, &random) }
    let cases = [
      ("own", try adapter(&random, up: 0.01, carrying: head)),
      ("strange", try adapter(&random, up: 0.01, carrying: [tensor("lm_head.weight", [256, 64], &random)])),
      ("untrained", try adapter(&random, up: 0, carrying: [])),
    ]
    for (name, tensors) in cases {
      try folder.write(tensors, to: "\(name)/adapter_model.safetensors")
      try folder.write(#"{"peft_type": "LORA", "r": 4, "lora_alpha": 8}"#, to: "\(name)/adapter_config.json")
    }
    let own = try compare("base", "own")
    #expect(own.kinship == "related" && own.parent == "base" && own.relation == "adapter", "seed \(random.seed)")
    #expect(try compare("base", "strange").kinship == "unrelated", "seed \(random.seed)")
    #expect(try compare("base", "untrained").kinship == "not_comparable", "seed \(random.seed)")
  }
}
