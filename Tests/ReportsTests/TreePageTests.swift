import Core
import Foundation
import Graph
import Reports
import System
import TestSupport
import Testing

/// `tree.html`: what it holds, and what a browser makes of it.
struct TreePageTests {
  private struct Opened: Decodable {
    var edges: Int
    /// Of the document: what drawing it costs.
    var elements: Int
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A run directory around a graph.
  private func makeRun(_ graph: ModelGraph, notes: [String] = []) throws {
    _ = try TreeFormat.writeAll(report(graph, notes: notes), to: folder.path)
    try Oracle.run("make_run.py", folder.path)
    _ = try TreePage.write(RunRecord(path: folder.at("run.json")), to: folder.path)
  }

  @Test func namesAreDataAndNeverMarkup() throws {
    let wicked = [
      "</script><script>alert(1)</script>", "<!--style-->", "]]>&lt;", "\u{2028}<img src=x onerror=alert(1)>",
    ]
    var nodes = wicked.map { observed($0) }
    for (place, id) in wicked.enumerated() { nodes[place].model?.dtype = id }
    let graph = ModelGraph(nodes: nodes, edges: wicked.indices.dropFirst().map { edge(0, $0) })
    try makeRun(graph, notes: ["</title><script>"])
    let page = String(decoding: try folder.read("tree.html"), as: UTF8.self)
    #expect(page.components(separatedBy: "<script").count == 4, "two blocks of data and the script")
    #expect(!page.contains("<img") && !page.contains("alert(1)</script>"))
    #expect(page.components(separatedBy: "<style>").count == 2)
    #expect(!page.contains("http://") || !page.contains("src=\"http"), "nothing comes from elsewhere")
  }

  @Test(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
  func fiveHundredModelsInABrowser() throws {
    let graph = grownGraph(models: 500, families: 9, seed: 11)
    try makeRun(graph)
    let opened: Opened = try Oracle.run("browser.py", folder.path)
    #expect(opened.edges == graph.edges.count)
    #expect(opened.elements < 20 * 500, "\(opened.elements) elements")
  }

  @Test(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
  func anyNameInABrowser() throws {
    let graph = nastyGraph()
    try makeRun(graph)
    let opened: Opened = try Oracle.run("browser.py", folder.path)
    #expect(opened.edges == graph.edges.count)
  }

  @Test(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
  func aLargeForestIsPaintedAndOnlyWhatIsInViewIsDrawn() throws {
    let graph = grownGraph(models: 1200, families: 12, seed: 5)
    try makeRun(graph)
    let opened: Opened = try Oracle.run("browser.py", folder.path)
    #expect(opened.edges == graph.edges.count)
    #expect(opened.elements < 5 * 1200, "\(opened.elements) elements")
  }

  @Test(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
  func contradictedRootsInferredAncestorsAndComponentsInABrowser() throws {
    var graph = graphWithInferredNodes()
    let roots = graph.nodes.indices.filter { graph.parents[$0] == nil && !graph.nodes[$0].isInferred }
    let root = try #require(roots.first)
    let stranger = try #require(graph.nodes.indices.last { graph.nodes[$0].family != graph.nodes[root].family })
    graph.compare(declared: [graph.nodes[root].id: graph.nodes[stranger].id])
    graph.nodes[root].model?.declaration?.agreement = .contradicts
    try makeRun(graph)
    _ = try Oracle.run("browser.py", folder.path) as Opened
  }

  /// The evidence in the page, of a run whose numbers are known (Tests/Oracle/make_run.py).
  @Test func evidenceIsThatOfTheNumbers() throws {
    struct Panel: Decodable { var speaksFor, speaksAgainst, compared: [String] }
    struct Content: Decodable { var evidence: [Panel?] }
    var nodes = ["root", "near", "far", "alone"].enumerated().map { observed($1, family: $0 < 3 ? 0 : 1) }
    for place in nodes.indices.dropLast() {
      nodes[place].model?.score = 1
      nodes[place].model?.parameters = 128
      nodes[place].model?.compared = 3
    }
    var edges = [edge(0, 1), edge(0, 2, .lora(rank: 8))]
    edges[0].distance = 0.25
    (edges[1].distance, edges[1].support) = (0.5, 0.6)
    try makeRun(ModelGraph(nodes: nodes, edges: edges))
    let page = String(decoding: try folder.read("tree.html"), as: UTF8.self)
    let data = try #require(page.firstMatch(of: #/<script id="page-data" type="application/json">(.*?)</script>/#)).1
    let panels = try JSONDecoder().decode(Content.self, from: Data(data.utf8)).evidence
    #expect(panels.count == 4 && panels[3] == nil, "nothing is known of the last")
    let (near, far) = (try #require(panels[1]), try #require(panels[2]))
    #expect(
      near.speaksFor.contains("related to root: ratio 0.01000, strangers 1; p below 1e-15 if they were unrelated"))
    #expect(near.speaksFor.contains("root is the nearest of 2 relatives"))
    #expect(near.speaksFor.contains("found in 100 % of the resamplings, its order in 100 %"))
    #expect(near.speaksFor.contains("far, the next best parent, costs 0.5000 more"), "\(near.speaksFor)")
    #expect(near.speaksAgainst.isEmpty)
    #expect(
      near.compared == ["2 tensors of both, 50 % of its weights", "with 3 of 3 other models"], "\(near.compared)")
    #expect(far.speaksAgainst == ["only found in 60 % of the resamplings, its order in 100 %"], "\(far.speaksAgainst)")
    #expect(far.speaksFor.contains("the change has rank 8"))
  }

  @Test func runThatIsNotFinishedIsNamed() throws {
    _ = try TreeFormat.writeAll(report(nastyGraph()), to: folder.path)
    let error = try #require(failure { _ = try FinishedRun(path: folder.path) })
    #expect(error.kind == .badInput && error.message.contains("run.json"))
  }

  @Test func treeAndResultsOfDifferentRunsAreRefused() throws {
    try makeRun(grownGraph(models: 20, families: 2, seed: 1))
    _ = try TreeFormat.writeAll(report(grownGraph(models: 21, families: 2, seed: 1)), to: folder.path)
    let error = try #require(failure { _ = try FinishedRun(path: folder.path) })
    #expect(error.kind == .badInput && error.message.contains("not of the same run"))
  }
}
