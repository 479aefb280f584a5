import Foundation
import Graph
import Reports
import System
import Testing

/// `truth.json` as people write it.
@Suite struct TruthDocumentTests {
  private func read(_ text: String) throws -> Truth {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("truth-\(UUID().uuidString).json").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try TruthDocument.read(path)
  }

  @Test func parentsComeInBothForms() throws {
    let truth = try read(
      """
      {"note": "more keys do no harm", "models": [
        {"id": "a", "parent": null, "relation": "root"}, {"id": "b", "parent": "a"}, {"id": "c"},
        {"id": "m", "parents": ["a", "b"]}, {"id": "n", "parent": "c", "parents": ["a"]},
        {"id": "o", "parent": "a", "parents": ["b", "a"]}, {"id": "p", "parent": null, "parents": []}]}
      """)
    #expect(truth.models.map(\.id) == ["a", "b", "c", "m", "n", "o", "p"])
    #expect(
      truth.models.map(\.parents) == [[], ["a"], [], ["a", "b"], ["c", "a"], ["b", "a"], []])
  }

  @Test(arguments: [
    ("", "not a truth file"), ("not JSON", "not a truth file"), ("[]", "not a truth file"),
    ("{}", "not a truth file"), ("{\"models\": [{\"parent\": null}]}", "not a truth file"),
    ("{\"models\": [{\"id\": 7}]}", "'models.Index 0.id' is not a text"),
    (String(repeating: "[", count: 100_000), "not a truth file"),
    ("{\"models\": " + String(repeating: "[", count: 100_000), "not a truth file"),
    ("{\"models\": [{\"id\": \"a\"}, {\"id\": \"a\"}]}", "lists the model 'a' twice"),
    ("{\"models\": [{\"id\": \"a\", \"parent\": \"b\"}]}", "the parent 'b' of 'a'"),
    ("{\"models\": [{\"id\": \"a\", \"parents\": [\"a\", \"\\u001b\"]}]}", "'\\u{1b}' of 'a'"),
    ("{\"models\": [{\"id\": \"a\", \"parent\": \"a\"}]}", "'a' is its own ancestor"),
    (
      "{\"models\": [{\"id\": \"r\"}, {\"id\": \"x\", \"parent\": \"c\"}, {\"id\": \"b\", \"parent\": \"c\"}, {\"id\": \"c\", \"parents\": [\"r\", \"b\"]}]}",
      "'c' is its own ancestor"
    ),
  ])
  func whatIsWrongIsNamed(text: String, message: String) {
    let failure = #expect(throws: Failure.self) { try read(text) }
    #expect(failure?.kind == .badInput)
    #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "no failure")")
    #expect(failure?.advice.isEmpty == false)
  }

  @Test func folderInPlaceOfAFileIsNamed() {
    let path = FileManager.default.temporaryDirectory.path
    let failure = #expect(throws: Failure.self) { try TruthDocument.read(path) }
    #expect(failure?.message.contains("not a regular file") == true)
  }

  @Test func aMissingFileIsNamed() {
    let failure = #expect(throws: Failure.self) { try TruthDocument.read("/nowhere/truth.json") }
    #expect(failure?.kind == .badInput)
    #expect(failure?.message.contains("/nowhere/truth.json") == true)
  }
}
