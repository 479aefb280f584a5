import Foundation
import Graph
import Reports
import Testing

/// An evaluation as people and programs read it.
struct EvaluationTextTests {
  /// root -> a -> b; found is a -> b, and `root` under a.
  private func evaluation() throws -> Evaluation {
    let graph = ModelGraph(
      nodes: ["\u{1b}[2Jroot", "a", "b", "extra"].map { observed($0) }, edges: [edge(1, 0), edge(1, 2)])
    let truth = Truth(models: [
      .init(id: "\u{1b}[2Jroot", parents: []), .init(id: "a", parents: ["\u{1b}[2Jroot"]),
      .init(id: "b", parents: ["a"]), .init(id: "lost", parents: ["b"]),
    ])
    return try Evaluation(graph, truth: truth)
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
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    #expect(try decoder.decode(Evaluation.self, from: data) == evaluation)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["directed_accuracy"] as? Double == 0.5)
    #expect(object["undirected_accuracy"] as? Double == 1)
    #expect(object["root_accuracy"] as? Double == 0)
    #expect(object["missing"] as? [String] == ["lost"])
    #expect(
      object.keys.sorted() == [
        "adjusted_rand_index", "directed_accuracy", "missing", "models", "root_accuracy", "true_edges",
        "undirected_accuracy", "unknown", "wrong_edges",
      ])
    #expect((object["wrong_edges"] as? [Any])?.count == 1)
  }
}
