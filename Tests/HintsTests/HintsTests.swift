import Core
import Hints
import System
import TestSupport
import Testing

/// Dates and declared bases are read, and what is wrong with them is named.
struct HintsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Ten levels of nine aliases each: more than three billion entries.
  private static let bomb =
    "l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
    + (1..<10).map { level in
      "l\(level): &l\(level) [\(Array(repeating: "*l\(level - 1)", count: 9).joined(separator: ", "))]\n"
    }.joined()

  private func hints(_ text: String, _ name: String) throws -> Hints {
    try Hints(path: folder.write(text, to: name))
  }

  @Test func tablesAndDocumentsSayTheSame() throws {
    let expected = Hints(models: [
      "a": .init(created: 1_704_067_200, base: nil), "b": .init(created: 1_704_070_800, base: "org/a"),
    ])
    #expect(
      try hints(
        "id,created,base_model\r\na,2024-01-01,\r\n\"b\",2024-01-01T01:00:00Z,org/a\r\n", "h.csv") == expected)
    #expect(
      try hints(
        "- {id: a, created: 2024-01-01}\n- {id: b, created: '2024-01-01T01:00:00Z', base_model: org/a}\n",
        "list.yaml") == expected)
    #expect(
      try hints(
        "a:\n  created: 2024-01-01\nb:\n  created: 2024-01-01T01:00:00Z\n  base_model: org/a\n", "keys.yml")
        == expected)
  }

  @Test func anEdgeBackwardsInTimeIsForbidden() throws {
    let hints = try hints("id,created\na,1\nb,2\nc,\n", "h.csv")
    #expect(hints.forbids(parent: "b", child: "a"))
    #expect(!hints.forbids(parent: "a", child: "b"))
    #expect(!hints.forbids(parent: "b", child: "c"))
    #expect(!hints.forbids(parent: "b", child: "elsewhere"))
  }

  @Test(arguments: [
    ("id,created\na,yesterday\n", "h.csv", "line 2, has the date 'yesterday'"),
    ("id,created\na,1\nb,2024-01-01\n", "h.csv", "line 3, has a number where others have dates"),
    ("id,created\na,1\na,2\n", "h.csv", "line 3, names the model 'a' a second time"),
    ("id,created\na,1,x\n", "h.csv", "line 2, has 3 fields, expected 2"),
    ("id,\"cre\nated\"\na,1\n", "h.csv", "line 1, has the unknown column"),
    ("created\n1\n", "h.csv", "line 1, has no column 'id'"),
    ("id\n", "h.csv", "name no model"),
    ("- {id: a, parent: b}\n", "h.yml", "entry 1, has the unknown key 'parent'"),
    ("- a\n", "h.yml", "entry 1, is no mapping"),
    ("a: [\n", "h.yml", "cannot be read as YAML"), (bomb, "h.yml", "aliases stand for more than"),
    ("text\n", "h.yml", "are no list and no mapping"),
  ])
  func whatIsWrongIsNamed(_ text: String, _ name: String, _ message: String) throws {
    let error = try #require(throws: Failure.self) { try hints(text, name) }
    #expect(error.kind == .badInput)
    #expect(error.message.contains(message), "\(error.message)")
  }

  @Test(arguments: [
    ("---\nlicense: mit\nbase_model: org/base\n---\n# Title\n", "org/base"),
    ("---\nbase_model:\n- org/first\n- org/second\n---\n", "org/first"),
    ("---\n" + bomb + "base_model: *l9\n---\n", nil), ("# Title\nbase_model: org/base\n", nil),
    ("---\nbase_model: 3\n---\n", nil), ("---\nnever closed\n", nil),
  ])
  func theCardsFrontMatterNamesTheBase(_ card: String, _ base: String?) {
    #expect(Hints.base(inCard: card) == base)
  }
}
