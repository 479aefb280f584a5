import Foundation
import TestPrograms
import TestSupport
import Testing

/// A model of the shipped zoo, rewritten in other layouts, is the same model.
struct LayoutTests {
  private struct Tree: Decodable {
    struct Node: Decodable {
      var id: String
      var family: Int
    }
    struct Link: Decodable {
      var target: String
      var distance: Double?
      var relation: String
    }
    var nodes: [Node]
    var links: [Link]
  }

  @Test(arguments: [1, 2, 3])
  func everyLayoutIsACopyAtDistanceZero(_ seed: Int) throws {
    let scratch = try TemporaryFolder()
    let zoo = "\(Program.root)/zoo/full-finetune"
    let written = try Program.oracle(
      "layouts", ["\(zoo)/m-19ab/model.safetensors", scratch.at("copies"), "\(seed)"])
    #expect(written.status == 0, "\(written.stderr)")
    let output = try Program.run(
      Program.modeltree, ["recover", zoo, scratch.at("copies"), "--out", scratch.at("run")])
    #expect(output.status == 0, "\(output.stderr)")
    let tree = try JSONDecoder().decode(
      Tree.self, from: Data(contentsOf: URL(fileURLWithPath: scratch.at("run/tree.json"))))
    let copies = ["plain", "meta", "gguf-names", "fused", "grouped", "wrapped", "unknown"]
    let family = tree.nodes.first { $0.id == "m-19ab" }?.family
    for copy in copies {
      #expect(tree.nodes.first { $0.id == copy }?.family == family, "\(copy), seed \(seed): \(written.stdout)")
      let link = try #require(tree.links.first { $0.target == copy }, "\(copy), seed \(seed)")
      #expect(link.distance == 0, "\(copy), seed \(seed)")
      #expect(["duplicate", "reformatted"].contains(link.relation), "\(copy), seed \(seed): \(link.relation)")
    }
  }
}
