import Core
import Graph
import System
import TestSeed
import Testing

@Suite struct EvaluationTests {
  /// A graph of models by name.
  static func graph(_ edges: [(String, String)], families: [String: Int]) -> ModelGraph {
    let models = families.sorted { $0.key < $1.key }
    let place = Dictionary(uniqueKeysWithValues: models.enumerated().map { ($1.key, $0) })
    return ModelGraph(
      nodes: models.map { id, family in
        ModelGraph.Node(
          id: id, family: family,
          origin: id.hasPrefix("inferred-")
            ? .inferred(support: 1) : .observed(.init(path: id, score: nil, dtype: "F32", parameters: 1)))
      },
      edges: edges.map { source, target in
        ModelGraph.Edge(
          source: place[source] ?? -1, target: place[target] ?? -1, relation: .finetune, distance: 1, support: 1,
          directionSupport: 1)
      })
  }

  static func truth(_ parents: [(String, [String])]) -> Truth {
    Truth(models: parents.map { Truth.Model(id: $0.0, parents: $0.1) })
  }

  @Test func aPerfectGraphScoresOne() throws {
    let found = Self.graph(
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
    let found = Self.graph([("b", "a"), ("b", "c"), ("a", "d")], families: ["a": 0, "b": 0, "c": 0, "d": 0])
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
      let evaluation = try Evaluation(Self.graph([(parent, "m")], families: families), truth: truth)
      #expect(evaluation.directedAccuracy == 1)
      #expect(evaluation.trueEdges == 1)
      #expect(evaluation.rootAccuracy == 1)
    }
  }

  @Test func modelsOnOneSideOnlyAreLeftOutAndNamed() throws {
    let found = Self.graph([("b", "c")], families: ["b": 0, "c": 0, "z": 1])
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
      try Evaluation(Self.graph([], families: ["a": 0]), truth: Self.truth([("b", [])]))
    }
    #expect(failure?.kind == .badInput)
  }

  /// base -> middle -> {a, b}, and c below b; base and middle are not in the run.
  private static let withAbsent = truth([
    ("base", []), ("middle", ["base"]), ("a", ["middle"]), ("b", ["middle"]), ("c", ["b"]),
  ])
  private static let three = ["a": 0, "b": 0, "c": 0]

  @Test func aSiblingAsParentIsWrong() throws {
    let evaluation = try Evaluation(
      Self.graph([("a", "b"), ("b", "c")], families: Self.three), truth: Self.withAbsent)
    #expect(evaluation.trueEdges == 2 && evaluation.directedAccuracy == 0.5)
    #expect(evaluation.wrongEdges.map(\.child) == ["b"] && evaluation.wrongEdges.map(\.expected) == [["middle"]])
    #expect(evaluation.rootAccuracy == 0.5, "a and b have no ancestor in the run; a is a root, b is not")
    #expect(evaluation.missing == ["base", "middle"])
    #expect(evaluation.adjustedRandIndex == 1, "siblings are relatives by way of an absent parent")
  }

  @Test func anInferredParentOfTheRightModelsIsRight() throws {
    let families = Self.three.merging(["inferred-1": 0]) { $1 }
    let right = try Evaluation(
      Self.graph([("inferred-1", "a"), ("inferred-1", "b"), ("b", "c")], families: families),
      truth: Self.withAbsent)
    #expect(right.trueEdges == 3 && right.directedAccuracy == 1 && right.wrongEdges.isEmpty)
    #expect(right.unknown.isEmpty && right.models == 3)
    // c descends from b, whose parent is not the inferred one.
    let wrong = try Evaluation(
      Self.graph([("inferred-1", "a"), ("a", "b"), ("inferred-1", "c")], families: families), truth: Self.withAbsent)
    #expect(wrong.trueEdges == 3 && wrong.directedAccuracy == 1.0 / 3)
    #expect(wrong.wrongEdges.map(\.child) == ["b", "c"])
  }

  @Test func theNearestPresentAncestorIsRight() throws {
    let truth = Self.truth([("a", []), ("x", ["a"]), ("y", ["x"]), ("b", ["y"]), ("c", ["y"])])
    let right = try Evaluation(Self.graph([("a", "b"), ("a", "c")], families: Self.three), truth: truth)
    #expect(right.trueEdges == 2 && right.directedAccuracy == 1 && right.rootAccuracy == 1)
    let wrong = try Evaluation(Self.graph([("a", "b"), ("b", "c")], families: Self.three), truth: truth)
    #expect(wrong.directedAccuracy == 0.5 && wrong.wrongEdges.map(\.expected) == [["a"]])
    let root = try Evaluation(Self.graph([("b", "a"), ("b", "c")], families: Self.three), truth: truth)
    #expect(root.undirectedAccuracy == 0.5 && root.directedAccuracy == 0)
  }

  /// Against the definition, word by word, on random trees of which some models are missing.
  @Test func randomTreesWithAbsentModelsAreJudgedByTheDefinition() throws {
    var random = Seeded.fresh()
    for _ in 0..<3000 {
      let n = Int.random(in: 2...8, using: &random)
      let above: [Int?] = (0..<n).map {
        $0 == 0 || Int.random(in: 0..<6, using: &random) == 0 ? nil : Int.random(in: 0..<$0, using: &random)
      }
      let present = (0..<n).filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
      guard !present.isEmpty else { continue }
      // Found: a random forest over the present models and up to two inferred ones, in a random order.
      let ids = present.map { "m\($0)" } + (0..<Int.random(in: 0...2, using: &random)).map { "inferred-\($0 + 1)" }
      let order = ids.shuffled(using: &random)
      var parent: [String: String] = [:]
      for (place, id) in order.enumerated().dropFirst() where Int.random(in: 0..<5, using: &random) > 0 {
        parent[id] = order[Int.random(in: 0..<place, using: &random)]
      }
      let truth = Self.truth(above.enumerated().map { ("m\($0)", $1.map { ["m\($0)"] } ?? []) })
      let graph = Self.graph(
        parent.map { ($1, $0) }, families: Dictionary(uniqueKeysWithValues: ids.map { ($0, 0) }))
      let found = try Evaluation(graph, truth: truth)

      func ancestors(_ model: Int) -> [Int] { above[model].map { [$0] + ancestors($0) } ?? [] }
      var (edges, right, roots, rootsFound) = (0, 0, 0, 0)
      var wrong: Set<String> = []
      for model in present {
        let id = "m\(model)"
        let nearest = ancestors(model).first { present.contains($0) }
        var isRight = nearest.map { parent[id] == "m\($0)" } ?? false
        if let parentThere = above[model], !present.contains(parentThere), let node = parent[id],
          node.hasPrefix("inferred-")
        {
          let children = present.filter { parent["m\($0)"] == node }
          if children.allSatisfy({ ancestors($0).contains(parentThere) }) { isRight = true }
        }
        if nearest == nil, !isRight {
          roots += 1
          if parent[id] == nil { rootsFound += 1 }
          if above[model] == nil || parent[id] == nil { continue }
        }
        edges += 1
        if isRight { right += 1 } else { wrong.insert(id) }
      }
      #expect(found.trueEdges == edges, "seed \(random.seed)")
      #expect(found.directedAccuracy == (edges == 0 ? 1 : Double(right) / Double(edges)), "seed \(random.seed)")
      #expect(found.rootAccuracy == (roots == 0 ? 1 : Double(rootsFound) / Double(roots)), "seed \(random.seed)")
      #expect(Set(found.wrongEdges.map(\.child)) == wrong, "seed \(random.seed)")
      #expect(Set(found.missing) == Set((0..<n).filter { !present.contains($0) }.map { "m\($0)" }))
    }
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
    return try Evaluation(graph([], families: families), truth: Self.truth(models)).adjustedRandIndex
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
