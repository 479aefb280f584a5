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
    _ = try TreePage.write(to: folder.path)
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
