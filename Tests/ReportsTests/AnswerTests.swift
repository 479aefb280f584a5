import Core
import Foundation
import Graph
import Reports
import TestSupport
import Testing

/// Answers about a finished run whose tree has ancestors that are not in the collection.
struct AnswerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ graph: ModelGraph, in name: String = "run") throws -> FinishedRun {
    let path = folder.at(name)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    _ = try TreeFormat.writeAll(report(graph), to: path)
    try Oracle.run("make_run.py", path)
    return try FinishedRun(path: path)
  }

  @Test func pathsLeadOverInferredAncestors() throws {
    let run = try run(graphWithInferredNodes())
    let path = try RelationshipPath(run, from: try run.model("left"), to: try run.model("tuned"))
    #expect(path.commonAncestor == "inferred-1")
    #expect(path.steps.map(\.to) == ["inferred-1", "inferred-2", "tuned"])
    #expect(path.steps.map(\.inferred) == [true, true, nil])
    #expect(path.wayDistance == 4 && path.distance == 4)
    #expect(path.text.contains("^ inferred-1 (inferred)"))
    let end = try RelationshipPath(run, from: try run.model("inferred-2"), to: try run.model("left"))
    #expect(end.distance == nil && end.steps.map(\.to) == ["inferred-1", "left"])
  }

  @Test func matricesHaveARowForEveryNode() throws {
    let run = try run(graphWithInferredNodes())
    let distances = try run.distances()
    #expect(distances.n == 8)
    #expect(distances[0, 6].isNaN && distances[7, 1].isNaN)
    #expect(distances[0, 1] == 3 && distances[1, 5] == 1)
  }

  @Test func inferredAncestorsSayWhoImpliesThem() throws {
    let graph = graphWithInferredNodes()
    let answer = try #require(InferredAncestor(graph, node: 7))
    #expect(answer.parent == "inferred-1" && answer.support == 0.75)
    #expect(answer.children.map(\.id) == ["right", "tuned"] && answer.children.map(\.distance) == [1, 2])
    #expect(answer.text.contains("is not a model of this run"))
    #expect(InferredAncestor(graph, node: 0) == nil)
  }

  @Test func pagesOfInferredAncestorsAreMade() throws {
    let graph = graphWithInferredNodes()

    #expect(try TreePage.render(try run(graph)).contains("\"dashes\":{\"adapter\":\"2 3\""))
  }

  @Test func differencesOfInferredAncestorsAreNamed() throws {
    let before = try run(graphWithInferredNodes(), in: "before")
    var graph = graphWithInferredNodes()
    graph.nodes.removeLast()
    graph.edges = graph.edges.filter { $0.target != 7 }.map { edge in
      var edge = edge
      if edge.source == 7 { edge.source = 6 }
      return edge
    }
    let difference = Difference(before, try run(graph, in: "after"))
    #expect(difference.gone == ["inferred-2"] && difference.new.isEmpty)
    #expect(difference.moved.map(\.child) == ["right", "tuned"])
    #expect(difference.otherFamily.isEmpty)
  }

  /// Nothing is quadratic in the models: two chains of 30,000, the other way round.
  @Test func largeTreesAreCompared() throws {
    let chain = largeGraph("chain", models: 30_000)
    var turned = chain
    turned.edges = chain.edges.map { edge in
      var edge = edge
      swap(&edge.source, &edge.target)
      return edge
    }
    let difference = Difference(report(chain), report(turned))
    #expect(difference.moved.count == 30_000 && difference.moved.dropFirst().dropLast().allSatisfy(\.reversed))
  }
}
