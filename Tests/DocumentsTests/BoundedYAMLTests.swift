import Documents
import Testing

/// What a hostile document may cost.
@Suite struct BoundedYAMLTests {
  /// Ten levels of nine aliases each stand for more than three billion entries.
  private static let levels =
    "l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
    + (1..<10).map { level in
      "l\(level): &l\(level) [\(Array(repeating: "*l\(level - 1)", count: 9).joined(separator: ", "))]\n"
    }.joined()

  private static let shadowed = (0..<30).map { "b\($0): &b\($0) [*a, *a]\n" }.joined()

  private static let hostile: [(String, String)] = [
    (levels, "aliases stand for more than"),
    (levels + "*l9 : key\n", "alias (*name) within a key"),
    (levels + "? *l9\n: key\n", "alias (*name) within a key"),
    (levels + "[*l9]: key\n", "alias (*name) within a key"),
    (levels + "{? [*l9, x] : key}\n", "alias (*name) within a key"),
    ("a: &a {x: 1}\n" + shadowed + "c: &c [*c]\n", "undefined alias"),
    (String(repeating: "[", count: 100_000), "Maximum nesting level"),
    (String(repeating: "- ", count: 100_000), "Maximum nesting level"),
    (String(repeating: "? ", count: 100_000), "Maximum nesting level"),
    (String(repeating: "x", count: 5 << 20), "expected at most"),
    ("a: [", "did not find"),
    ("[[ ]: x]\n", "a key that is a list or a mapping"),
    ("? {a: b}\n: c\n", "a key that is a list or a mapping"),
  ]

  @Test(arguments: hostile)
  func hostileDocumentsAreRefused(_ text: String, _ message: String) {
    let problem = #expect(throws: BoundedYAML.Problem.self) { _ = try BoundedYAML.load(text) }
    #expect(problem?.description.contains(message) == true, "\(problem?.description ?? "read")")
  }

  @Test func aliasesThatPeopleUseAreRead() throws {
    let found = try BoundedYAML.load(
      "common: &common {distance: l2, lambda: 0.3}\njobs:\n  - &first {<<: *common, name: a}\n  - *first\n  - {b: *common}\n"
    )
    let document = try #require(found as? [String: Any])
    let jobs = try #require(document["jobs"] as? [[String: Any]])
    #expect(jobs.map { $0["name"] as? String } == ["a", "a", nil])
    #expect(jobs[0]["distance"] as? String == "l2" && jobs[0]["lambda"] as? Double == 0.3)
    #expect((jobs[2]["b"] as? [String: Any])?["distance"] as? String == "l2")
  }

  @Test func starsAndQuestionsInOrdinaryTextAreRead() throws {
    let found = try BoundedYAML.load("title: 'what? a *star* : & more'\nlist: [a, b]\nnote: really? yes\n")
    #expect((found as? [String: Any])?["title"] as? String == "what? a *star* : & more")
  }

  @Test func nothingIsNothing() throws {
    #expect(try BoundedYAML.load("") == nil)
    #expect(try BoundedYAML.load("# a comment\n") == nil)
  }
}
