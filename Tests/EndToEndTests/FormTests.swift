import Foundation
import TestPrograms
import TestSupport
import Testing

/// One model in all the forms that hubs hold models in is one family: what keeps every number is the same model in
/// another form, what does not was quantized from it.
struct FormTests {
  private struct Tree: Decodable {
    struct Link: Decodable {
      var source: String
      var target: String
      var relation: String
      var support: Double
    }
    var links: [Link]
  }

  @Test func aModelInFifteenFormsIsUnderItsSource() throws {
    let scratch = try TemporaryFolder()
    let made = try Program.oracle("forms", ["family", scratch.at("family"), "7"])
    try #require(made.status == 0, "\(made.stderr)")
    let written = try Program.oracle(
      "forms", [scratch.at("family/a/model.safetensors"), scratch.at("forms"), "4", "2"])
    try #require(written.status == 0, "\(written.stderr)")
    let lines = written.stdout.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    try #require(lines.count == 2 && lines.joined().count == 15)

    let output = try Program.run(
      Program.modeltree, ["recover", scratch.at("family"), scratch.at("forms"), "--out", scratch.at("run")])
    #expect(output.status == 0, "\(output.stderr)")
    let tree = try JSONDecoder().decode(
      Tree.self, from: Data(contentsOf: URL(fileURLWithPath: scratch.at("run/tree.json"))))
    let places = Dictionary(tree.links.map { ($0.target, $0) }) { first, _ in first }
    for (child, parent) in ["a": "base", "b": "base", "a1": "a", "s1": "stranger"] {
      #expect(places[child]?.source == parent && places[child]?.relation == "finetune", "\(child)")
    }
    for (number, forms) in lines.enumerated() {
      for form in forms {
        let link = try #require(places[form], "\(form) has no parent")
        // Of two forms whose numbers are the same, one is the other's duplicate.
        #expect(link.source == "a" || link.relation == "duplicate", "\(form) is under \(link.source)")
        let expected = number == 0 ? ["reformatted", "duplicate"] : ["quantized", "duplicate"]
        #expect(expected.contains(link.relation), "\(form): \(link.relation)")
        #expect(link.support > 0.95, "\(form): \(link.support)")
      }
    }
  }
}
