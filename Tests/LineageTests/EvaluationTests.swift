import Core
import Foundation
import Lineage
import System
import TestSeed
import Testing

@Suite struct EvaluationTests {
  static func forest(_ edges: [(String, String)], families: [String: Int]) -> Forest {
    let targets = Set(edges.map(\.1))
    return Forest(
      graph: [:],
      nodes: families.sorted { $0.key < $1.key }.map { id, family in
        Forest.Node(
          id: id, path: id, family: family, root: !targets.contains(id), score: nil, dtype: "F32",
          parameters: 1, duplicateOf: nil)
      },
      links: edges.map {
        Forest.Link(
          source: $0.0, target: $0.1, distance: 1, support: 1, directionSupport: 1,
          relation: .finetune)
      })
  }

  static func truth(_ parents: [(String, [String])]) -> Truth {
    Truth(models: parents.map { Truth.Model(id: $0.0, parents: $0.1) })
  }

  @Test func aPerfectForestScoresOne() throws {
    let found = Self.forest(
      [("a", "b"), ("b", "c"), ("x", "y")], families: ["a": 0, "b": 0, "c": 0, "x": 1, "y": 1])
    let truth = Self.truth([("a", []), ("b", ["a"]), ("c", ["b"]), ("x", []), ("y", ["x"])])
    let evaluation = try Evaluation(found, truth: truth)
    #expect(evaluation.directedAccuracy == 1)
    #expect(evaluation.undirectedAccuracy == 1)
    #expect(evaluation.rootAccuracy == 1)
    #expect(evaluation.adjustedRandIndex == 1)
    #expect(evaluation.trueEdges == 3)
    #expect(evaluation.models == 5)
    #expect(evaluation.wrongEdges.isEmpty)
  }

  @Test func aReversedEdgeCountsAsUndirectedOnly() throws {
    // Truth a -> b -> c -> d; found b -> a, b -> c, a -> d.
    let found = Self.forest([("b", "a"), ("b", "c"), ("a", "d")], families: ["a": 0, "b": 0, "c": 0, "d": 0])
    let truth = Self.truth([("a", []), ("b", ["a"]), ("c", ["b"]), ("d", ["c"])])
    let evaluation = try Evaluation(found, truth: truth)
    #expect(evaluation.directedAccuracy == 1.0 / 3)
    #expect(evaluation.undirectedAccuracy == 2.0 / 3)
    #expect(evaluation.rootAccuracy == 0)
    #expect(evaluation.wrongEdges.map(\.child) == ["b", "d"])
    #expect(evaluation.wrongEdges.map(\.found) == [nil, "a"])
    #expect(evaluation.wrongEdges.map(\.reversed) == [true, false])
    #expect(evaluation.wrongEdges.map(\.expected) == [["a"], ["c"]])
  }

  @Test func anyParentOfAMergeCounts() throws {
    let families = ["a": 0, "b": 0, "m": 0]
    let truth = Self.truth([("a", []), ("b", []), ("m", ["a", "b"])])
    for parent in ["a", "b"] {
      let evaluation = try Evaluation(Self.forest([(parent, "m")], families: families), truth: truth)
      #expect(evaluation.directedAccuracy == 1)
      #expect(evaluation.trueEdges == 1)
      #expect(evaluation.rootAccuracy == 1)
    }
  }

  @Test func modelsOnOneSideOnlyAreLeftOutAndNamed() throws {
    let found = Self.forest([("b", "c")], families: ["b": 0, "c": 0, "z": 1])
    let truth = Self.truth([("a", []), ("b", ["a"]), ("c", ["b"])])
    let evaluation = try Evaluation(found, truth: truth)
    #expect(evaluation.missing == ["a"])
    #expect(evaluation.unknown == ["z"])
    #expect(evaluation.models == 2)
    // The parent of b is not there to be found.
    #expect(evaluation.trueEdges == 1)
    #expect(evaluation.directedAccuracy == 1)
    #expect(evaluation.rootAccuracy == 1)
  }

  @Test func nothingInCommonIsABadInput() {
    let failure = #expect(throws: Failure.self) {
      try Evaluation(Self.forest([], families: ["a": 0]), truth: Self.truth([("b", [])]))
    }
    #expect(failure?.kind == .badInput)
  }

  @Test func theJSONKeysAreThoseOfTheContract() throws {
    let evaluation = try Evaluation(Self.forest([], families: ["a": 0]), truth: Self.truth([("a", [])]))
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(evaluation))
    let keys = (object as? [String: Any])?.keys.sorted()
    #expect(
      keys == [
        "adjusted_rand_index", "directed_accuracy", "missing", "models", "root_accuracy",
        "true_edges", "undirected_accuracy", "unknown", "wrong_edges",
      ])
  }

  /// The index for two labellings, by way of a truth whose families are stars.
  static func adjustedRandIndex(_ truth: [Int], _ found: [Int]) throws -> Double {
    var first: [Int: String] = [:]
    let models = truth.enumerated().map { i, family in
      let id = "m\(i)"
      let parent = first[family]
      first[family] = parent ?? id
      return (id, parent.map { [$0] } ?? [])
    }
    let families = Dictionary(uniqueKeysWithValues: found.enumerated().map { ("m\($0)", $1) })
    return try Evaluation(forest([], families: families), truth: Self.truth(models)).adjustedRandIndex
  }

  /// Values of `sklearn.metrics.adjusted_rand_score`.
  @Test(
    arguments: [
      ([0, 0, 1, 1], [0, 0, 1, 1], 1), ([0, 0, 1, 1], [1, 1, 0, 0], 1),
      ([0, 0, 1, 2], [0, 0, 1, 1], 0.5714285714285714), ([0, 0, 1, 1], [0, 0, 1, 2], 0.5714285714285714),
      ([0, 0, 0, 0], [0, 1, 2, 3], 0), ([0, 0, 1, 1], [0, 1, 0, 1], -0.5),
      ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], 0.24242424242424243),
      ([0, 0, 0, 0], [1, 1, 1, 1], 1), ([0, 1, 2, 3], [3, 2, 1, 0], 1), ([0], [0], 1),
    ] as [([Int], [Int], Double)])
  func theAdjustedRandIndexIsSklearns(truth: [Int], found: [Int], expected: Double) throws {
    #expect(abs(try Self.adjustedRandIndex(truth, found) - expected) < 1e-12)
  }

  @Test func theAdjustedRandIndexMatchesACountOfPairs() throws {
    var random = Seeded.fresh()
    for _ in 0..<200 {
      let n = Int.random(in: 2...20, using: &random)
      let a = (0..<n).map { _ in Int.random(in: 0..<4, using: &random) }
      let b = (0..<n).map { Bool.random(using: &random) ? a[$0] : Int.random(in: 0..<4, using: &random) }
      // Together in both, in the first only, in the second only, in none.
      var (both, first, second, none) = (0.0, 0.0, 0.0, 0.0)
      PairIndex(n).forEach { _, i, j in
        switch (a[i] == a[j], b[i] == b[j]) {
        case (true, true): both += 1
        case (true, false): first += 1
        case (false, true): second += 1
        case (false, false): none += 1
        }
      }
      let bottom = (both + first) * (first + none) + (both + second) * (second + none)
      let expected = first == 0 && second == 0 ? 1 : 2 * (both * none - first * second) / bottom
      let found = try Self.adjustedRandIndex(a, b)
      #expect(abs(found - expected) < 1e-9, "\(a) \(b), seed \(random.seed)")
    }
  }
}

@Suite struct TruthTests {
  private func read(_ text: String) throws -> Truth {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("truth-\(UUID().uuidString).json").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try Truth(path: path)
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
    ("", "no truth file"), ("not JSON", "no truth file"), ("[]", "no truth file"),
    ("{}", "no truth file"), ("{\"models\": [{\"parent\": null}]}", "no truth file"),
    ("{\"models\": [{\"id\": 7}]}", "no truth file"),
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

  @Test func aMissingFileIsNamed() {
    let failure = #expect(throws: Failure.self) { try Truth(path: "/nowhere/truth.json") }
    #expect(failure?.kind == .badInput)
    #expect(failure?.message.contains("/nowhere/truth.json") == true)
  }
}
