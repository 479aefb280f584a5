import Foundation
import Lineage
import Reports
import Testing

/// An evaluation as people and programs read it.
struct EvaluationTextTests {
  /// root -> a -> b; found is a -> b, and `root` under a.
  private func evaluation() throws -> Evaluation {
    func node(_ id: String, root: Bool = false) -> Forest.Node {
      Forest.Node(
        id: id, path: id, family: 0, root: root, score: nil, dtype: "F32", parameters: 1, duplicateOf: nil)
    }
    func link(_ source: String, _ target: String) -> Forest.Link {
      Forest.Link(
        source: source, target: target, distance: 1, support: 1, directionSupport: 1, relation: .finetune)
    }
    let forest = Forest(
      graph: [:], nodes: [node("\u{1b}[2Jroot"), node("a", root: true), node("b"), node("extra", root: true)],
      links: [link("a", "\u{1b}[2Jroot"), link("a", "b")])
    let truth = Truth(models: [
      .init(id: "\u{1b}[2Jroot", parents: []), .init(id: "a", parents: ["\u{1b}[2Jroot"]),
      .init(id: "b", parents: ["a"]), .init(id: "lost", parents: ["b"]),
    ])
    return try Evaluation(forest, truth: truth)
  }

  @Test func textNamesEveryWrongEdgeAndDrivesNoTerminal() throws {
    let text = EvaluationText.text(try evaluation())
    let lines = text.split(separator: "\n")
    #expect(lines[0].hasPrefix("directed accuracy") && lines[0].hasSuffix("50.0 %  (1 of 2 true edges)"))
    #expect(lines[1].hasPrefix("undirected accuracy") && lines[1].hasSuffix("100.0 %"))
    #expect(lines[2].hasPrefix("root accuracy") && lines[2].hasSuffix("  0.0 %"))
    #expect(text.contains("wrong: a should be under \\u{1b}[2Jroot, found as a root (edge reversed)"))
    #expect(text.contains("in the truth, but not in the run: lost"))
    #expect(text.contains("in the run, but not in the truth: extra"))
    #expect(!text.unicodeScalars.contains("\u{1b}"))
  }

  @Test func jsonComesBackAndKeepsItsKeys() throws {
    let evaluation = try evaluation()
    let data = Data(EvaluationText.json(evaluation).utf8)
    #expect(try JSONDecoder().decode(Evaluation.self, from: data) == evaluation)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["directed_accuracy"] as? Double == 0.5)
    #expect(object["undirected_accuracy"] as? Double == 1)
    #expect(object["root_accuracy"] as? Double == 0)
    #expect(object["missing"] as? [String] == ["lost"])
    #expect(object["adjusted_rand_index"] != nil)
    #expect((object["wrong_edges"] as? [Any])?.count == 1)
  }
}
