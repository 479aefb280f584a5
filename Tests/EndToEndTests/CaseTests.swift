import Foundation
import TestPrograms
import TestSupport
import Testing

/// Situations that real collections bring, made by a script from elsewhere: `MODELTREE_CASES` names it
/// (`script DIR [case ...]` writes one small collection per case). All descend as base -> a -> a1 and base -> b,
/// stranger -> s1, unless it says otherwise below.
@Suite struct CaseTests {
  private static let script = ProcessInfo.processInfo.environment["MODELTREE_CASES"] ?? ""

  private struct Tree: Decodable {
    struct Node: Decodable {
      var id: String
      var inferred: Bool?
    }
    struct Link: Decodable {
      var source: String
      var target: String
      var relation: String
      var extra: Bool?
    }
    var nodes: [Node]
    var links: [Link]
  }

  /// What is expected of a model: its parent, and the relation where it is no fine-tune. No parent: a root.
  private struct Place: Equatable, CustomStringConvertible {
    var parent: String?
    var relation: String?
    var description: String { "under \(parent ?? "nothing") (\(relation ?? "-"))" }

    init(_ parent: String?, _ relation: String? = nil) {
      self.parent = parent
      self.relation = relation ?? (parent == nil ? nil : "finetune")
    }
  }

  private static let ancestors = ["a": ["base"], "a1": ["a", "base"], "b": ["base"], "s1": ["stranger"]]

  /// Models beside the usual ones, and usual ones under other names.
  private static let special: [String: [String: Place]] = [
    "adapters-without-base": [:],
    "adapters": ["of-stranger": Place("stranger", "adapter"), "untrained": Place(nil)],
    "checkpoints-of-one-run": [
      "checkpoint-100": Place("base"), "checkpoint-200": Place("checkpoint-100"),
      "checkpoint-300": Place("checkpoint-200"), "checkpoint-400": Place("checkpoint-300"),
      "checkpoint-500": Place("checkpoint-400"),
    ],
    "diffusers-loras": ["z": Place("stranger", "adapter")],
    "fp8-block": quantized, "fp8-per-tensor": quantized, "int4-mlx": quantized, "int4-gptq": quantized,
    "nf4-bitsandbytes": quantized,
    "partly-quantised": ["a-dynamic": Place("a", "quantized")],
    "only-quantised": ["a-4bit": Place("base-4bit"), "b-4bit": Place("base-4bit")],
    "tables-only-shared": ["c": Place("a")],
    "kohya-loras": ["of-stranger": Place("stranger", "adapter")],
    "llava": ["llava": Place("a"), "llava-2": Place("llava")],
    "moe-upcycled": ["moe": Place("base", "upcycled")],
    "trainer-output": [
      "checkpoint-500": Place("base"), "checkpoint-1000": Place("checkpoint-500"), "out": Place("checkpoint-1000"),
    ],
    "too-deep": ["a/pretrained_model": Place("base"), "a1/pretrained_model": Place("a/pretrained_model")],
    "upcast-copies": ["a-again": Place("a", "duplicate"), "a-fp32": Place("a", "duplicate")],
  ]

  private static let quantized = ["a-quantised": Place("a", "quantized"), "b-quantised": Place("b", "quantized")]

  @Test(.enabled(if: FileManager.default.isReadableFile(atPath: script), "MODELTREE_CASES names no script"))
  func everyCaseGivesTheTreeThatACarefulUserExpects() throws {
    let folder = try TemporaryFolder()
    let cases = folder.at("cases")
    let made = try Program.run(Oracle.python, [Self.script, cases])
    try #require(made.status == 0, "\(made.stderr)")
    let names = try FileManager.default.contentsOfDirectory(atPath: cases).sorted()
    #expect(names.count >= 60)
    for name in names where name != "names" {
      let run = folder.at("runs/\(name)")
      let output = try Program.run(Program.modeltree, ["recover", "\(cases)/\(name)", "--out", run])
      #expect(output.status == 0, "\(name): \(output.stderr)")
      guard output.status == 0 else { continue }
      let tree = try JSONDecoder().decode(
        Tree.self, from: Data(contentsOf: URL(fileURLWithPath: "\(run)/tree.json")))
      check(name, tree)
    }
  }

  private func check(_ name: String, _ tree: Tree) {
    var places: [String: Place] = [:]
    for node in tree.nodes { places[node.id] = Place(nil) }
    for link in tree.links where link.extra != true { places[link.target] = Place(link.source, link.relation) }
    #expect(!tree.nodes.contains { $0.inferred == true }, "\(name): nobody is missing")
    for (child, ancestors) in Self.ancestors where places[child] != nil && Self.special[name]?[child] == nil {
      let expected = Place(ancestors.first { places[$0] != nil })
      #expect(places[child]?.parent == expected.parent, "\(name): \(child) \(String(describing: places[child]))")
    }
    for (child, expected) in Self.special[name] ?? [:] {
      #expect(places[child] == expected, "\(name): \(child) expected \(expected)")
    }
  }
}
