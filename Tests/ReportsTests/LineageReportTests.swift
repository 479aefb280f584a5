import Foundation
import Graph
import Reports
import System
import TestPrograms
import TestSupport
import Testing

/// The page that is handed over.
struct LineageReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// base -> tuned (firm), base -> loose (undecided); a stranger that declares the base.
  private func run() throws -> FinishedRun {
    var nodes = ["base", "tuned", "loose", "<b>stranger"].enumerated().map { observed($1, family: $0 < 3 ? 0 : 1) }
    for place in nodes.indices { nodes[place].model?.score = 1 }
    nodes[0].model?.license = "llama3"
    nodes[1].model?.license = "apache-2.0"
    for place in nodes.indices { nodes[place].model?.parameters = 64 }
    var edges = [edge(0, 1, .lora(rank: 4)), edge(0, 2)]
    edges[1].support = 0.6
    edges[1].runnerUp = 1
    var graph = ModelGraph(nodes: nodes, edges: edges)
    graph.compare(declared: ["<b>stranger": "base", "tuned": "base"])
    _ = try TreeFormat.writeAll(report(graph, notes: ["x: skipped"]), to: folder.path)
    try Oracle.run("make_run.py", folder.path)
    return try FinishedRun(path: folder.path)
  }

  @Test func theRatesAreThoseOfTheDocument() throws {
    let text = try String(contentsOfFile: "\(Program.root)/docs/accuracy.md", encoding: .utf8)
    let section = try #require(text.components(separatedBy: "## Can the support be trusted?").last)
    let table = try #require(section.components(separatedBy: "Edges that join").first)
    let rows = table.matches(of: #/\| (\d+) to (\d+) % \| (\d+) \| \d+ % \| (\d+) % \|/#)
    let bins = ErrorRates.measured.bins
    #expect(rows.count == bins.count && !bins.isEmpty)
    for (row, bin) in zip(rows, bins) {
      #expect(Int(row.1) == bin.from && Int(row.2) == bin.to && Int(row.3) == bin.edges)
      #expect(Int(row.4) == Int((100 * Double(bin.right) / Double(bin.edges)).rounded()))
    }
    let zoos = text.components(separatedBy: "## modeltree in detail")[0].matches(of: #/\| [a-z0-9-]+ \| \d+ \| \*\*/#)
    #expect(ErrorRates.measured.collections == zoos.count)
  }

  /// Numbers of statsmodels' proportion_confint(method="wilson").
  @Test func theIntervalIsWilsons() throws {
    let bin = try JSONDecoder().decode(
      ErrorRates.Bin.self, from: Data(#"{"from": 90, "to": 99, "edges": 55, "right": 53}"#.utf8))
    #expect(abs(bin.interval.lowerBound - 0.876797) < 1e-4 && abs(bin.interval.upperBound - 0.989970) < 1e-4)
  }

  @Test func thePageSaysClaimsAlternativesCoverageLicensesAndLimits() throws {
    let page = try LineageReport(try run(), models: []).html
    for text in [
      "tuned was made from base (lora, rank 4).",
      "loose is related to base (finetune); whether it was made from it is undecided.",
      "<p class=\"grade undecided\">undecided</p>", "<dt>may also be</dt><dd>tuned</dd>",
      "declared base base: contradicted by the weights", "2 · 100 %", "1 · 50 %",
      "the parent&apos;s license has terms of its own", "x: skipped", "How often such edges are right",
    ] { #expect(page.contains(text), "\(text)") }
    #expect(!page.contains("<script") && !page.contains("://") && !page.contains("<b>stranger"))
  }

  @Test func oneModelMakesAReportOfItsOwn() throws {
    let run = try run()
    let report = try LineageReport(run, models: [try run.model("tuned")])
    #expect(report.html.contains("Where tuned comes from") && !report.html.contains("loose is related"))
    #expect(report.json.contains("\"statement\""))
  }

  @Test func reportsOfManyModelsAskForNames() throws {
    _ = try TreeFormat.writeAll(Self.large, to: folder.path)
    try Oracle.run("make_run.py", folder.path)
    let error = try #require(failure { _ = try LineageReport(try FinishedRun(path: folder.path), models: []) })
    #expect(error.kind == .usage && error.advice.contains("MODEL"))
  }

  private static let large = report(largeGraph("star", models: 61))

  @Test(arguments: [
    ("apache-2.0", "mit", false), ("cc-by-nc-4.0", "apache-2.0", true), ("cc-by-nc-4.0", "cc-by-nc-sa-4.0", false),
    ("gpl-3.0", "mit", true), ("gpl-3.0", "gpl-3.0", false), ("agpl-3.0", "gpl-3.0", true),
    ("cc-by-sa-4.0", "cc-by-4.0", true), ("cc-by-nd-4.0", "cc-by-nd-4.0", true), ("llama3.1", "apache-2.0", true),
    ("mit", "llama3.1", false),
  ])
  func licensesThatDoNotGoTogetherAreNamed(parent: String, child: String, isConflict: Bool) {
    #expect((LicenseCheck.conflict(parent: parent, child: child) != nil) == isConflict)
  }

  @Test func aChildWithoutALicenseIsNamedWhereTheParentHasTerms() {
    #expect(LicenseCheck.conflict(parent: "gemma", child: nil) != nil)
    #expect(LicenseCheck.conflict(parent: "mit", child: nil) == nil)
  }
}
