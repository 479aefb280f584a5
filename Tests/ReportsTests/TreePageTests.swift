import Core
import Foundation
import Lineage
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

  /// A run directory around a forest.
  private func makeRun(_ forest: Forest) throws {
    _ = try TreeFormat.writeAll(forest, to: folder.path)
    try Oracle.run("make_run.py", folder.path)
    _ = try TreePage.write(to: folder.path)
  }

  @Test func namesAreDataAndNeverMarkup() throws {
    let wicked = [
      "</script><script>alert(1)</script>", "<!--style-->", "]]>&lt;", "\u{2028}<img src=x onerror=alert(1)>",
    ]
    let nodes = wicked.enumerated().map { index, id in
      Forest.Node(
        id: id, path: id, family: 0, root: index == 0, score: nil, dtype: id, parameters: 1, duplicateOf: nil)
    }
    let links = wicked.dropFirst().map {
      Forest.Link(
        source: wicked[0], target: $0, distance: 1, support: 1, directionSupport: 1, relation: .finetune)
    }
    try makeRun(Forest(graph: ["note_1": "</title><script>"], nodes: nodes, links: links))
    let page = String(decoding: try folder.read("tree.html"), as: UTF8.self)
    #expect(page.components(separatedBy: "<script").count == 4, "two blocks of data and the script")
    #expect(!page.contains("<img") && !page.contains("alert(1)</script>"))
    #expect(page.components(separatedBy: "<style>").count == 2)
    #expect(!page.contains("http://") || !page.contains("src=\"http"), "nothing comes from elsewhere")
  }

  @Test(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
  func fiveHundredModelsInABrowser() throws {
    let forest = grownForest(models: 500, families: 9, seed: 11)
    try makeRun(forest)
    let opened: Opened = try Oracle.run("browser.py", folder.path)
    #expect(opened.edges == forest.links.count)
    #expect(opened.elements < 20 * 500, "\(opened.elements) elements")
  }

  @Test(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
  func anyNameInABrowser() throws {
    let forest = nastyForest()
    try makeRun(forest)
    let opened: Opened = try Oracle.run("browser.py", folder.path)
    #expect(opened.edges == forest.links.count)
  }

  @Test func runThatIsNotFinishedIsNamed() throws {
    _ = try TreeFormat.writeAll(nastyForest(), to: folder.path)
    let error = try #require(failure { _ = try FinishedRun(path: folder.path) })
    #expect(error.kind == .badInput && error.message.contains("run.json"))
  }

  @Test func treeAndResultsOfDifferentRunsAreRefused() throws {
    try makeRun(grownForest(models: 20, families: 2, seed: 1))
    _ = try TreeFormat.writeAll(grownForest(models: 21, families: 2, seed: 1), to: folder.path)
    let error = try #require(failure { _ = try FinishedRun(path: folder.path) })
    #expect(error.kind == .badInput && error.message.contains("not of the same run"))
  }
}
