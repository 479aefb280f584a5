import Foundation
import TestPrograms
import TestSupport
import Testing

/// Run directories that lie: refused with exit code 65 and a message that names file, node and expectation.
@Suite struct HostileRunTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  private static func tree(_ nodes: String, _ links: String = "") -> String {
    "{\"directed\": true, \"multigraph\": false, \"graph\": {}, \"nodes\": [\(nodes)], \"links\": [\(links)]}"
  }

  private static func node(_ id: String, family: String = "0", root: Bool = false) -> String {
    "{\"id\": \"\(id)\", \"path\": \"/m\", \"family\": \(family), \"root\": \(root), \"dtype\": \"F32\", \"parameters\": 1}"
  }

  private static func link(_ source: String, _ target: String, support: String = "1", direction: String = "1") -> String
  {
    "{\"source\": \"\(source)\", \"target\": \"\(target)\", \"distance\": 1, \"support\": \(support), "
      + "\"direction_support\": \(direction), \"relation\": \"finetune\"}"
  }

  private static let pair = "\(node("a", root: true)), \(node("b"))"

  private static let cases: [(String, String)] = [
    (tree("\(node("a")), \(node("b"))", "\(link("a", "b")), \(link("b", "a"))"), "'a' is its own ancestor"),
    (tree("\(node("a", root: true)), \(node("a", root: true))"), "'a' is listed twice"),
    (
      tree(
        "\(node("a", root: true)), \(node("b", root: true)), \(node("c"))", "\(link("a", "c")), \(link("b", "c"))"),
      "'c' has the parents 'a' and 'b'"
    ),
    (tree(pair, link("a", "b", support: "1e18")), "support 1e+18, expected 0 to 1"),
    (tree(pair, link("a", "b", direction: "1e300")), "direction support 1e+300, expected 0 to 1"),
    (tree(node("a", family: "9223372036854775807", root: true)), "'a' has the family 9223372036854775807"),
  ]

  @Test(arguments: cases)
  func treesThatCannotBeAreRefusedByEveryCommand(_ text: String, _ message: String) throws {
    try scratch.write(text, to: "tree.json")
    try scratch.write("{\"models\": [{\"id\": \"a\"}]}", to: "truth.json")
    let run = scratch.path
    for arguments in [
      ["tree", run], ["tree", run, "--format", "svg"], ["tree", run, "--format", "html"], ["why", run, "a"],
      ["path", run, "a", "b"], ["diff", run, run], ["evaluate", run, "--truth", "\(run)/truth.json"],
    ] {
      let output = try Program.run(Program.modeltree, arguments)
      #expect(output.status == 65, "\(arguments[0]): \(output.stderr)")
      #expect(output.stderr.contains("\(run)/tree.json") && output.stderr.contains(message), "\(output.stderr)")
    }
  }

  @Test func aChainOfThirtyThousandModelsIsPrinted() throws {
    let count = 30_000
    let nodes = (0..<count).map { Self.node("\($0)", root: $0 == 0) }.joined(separator: ",")
    let links = (1..<count).map { Self.link("\($0 - 1)", "\($0)") }.joined(separator: ",")
    try scratch.write(Self.tree(nodes, links), to: "tree.json")
    for format in ["text", "json", "newick", "dot", "graphml", "csv", "svg"] {
      let output = try Program.run(Program.modeltree, ["tree", scratch.path, "--format", format])
      #expect(output.status == 0 && output.stdout.contains("29999"), "\(format): \(output.stderr)")
    }
  }

  @Test func namesDriveNoTerminalAndNoSpreadsheet() throws {
    let ids = ["\\u001b[31m\\u0007", "=1+1", "\\u009b2J", "\\u202e", "plain"]
    let nodes = ids.enumerated().map { Self.node($1, root: $0 == 0) }.joined(separator: ",")
    let links = ids.dropFirst().map { Self.link(ids[0], $0) }.joined(separator: ",")
    try scratch.write(Self.tree(nodes, links), to: "tree.json")
    for format in ["text", "json", "newick", "nhx", "dot", "graphml", "mermaid", "csv", "modelcard", "svg"] {
      let output = try Program.run(Program.modeltree, ["tree", scratch.path, "--format", format])
      #expect(output.status == 0 && output.stdout.contains("plain"), "\(format): \(output.stderr)")
      let hidden = output.stdout.unicodeScalars.filter {
        $0 != "\n" && ($0.value < 0x20 || (0x7f...0x9f).contains($0.value) || $0 == "\u{202e}")
      }
      #expect(hidden.isEmpty, "\(format)")
      if format == "csv" { #expect(output.stdout.contains(",'=1+1,")) }
    }
  }

  @Test(arguments: ["9223372036854775807", "-1", "1e300", "99999999999999999999"])
  func statusesThatCannotBeAreRefused(_ number: String) throws {
    for field in ["shards", "shards_done", "bytes", "models"] {
      let numbers = ["models", "shards", "shards_done", "shards_leased", "shards_set_aside", "bytes", "bytes_done"]
      let job = numbers.map { "\"\($0)\": \($0 == field ? number : "1")" }.joined(separator: ", ")
      try scratch.write(
        """
        {"format": 1, "software": "0", "host": "elsewhere", "process": 1, "started": "2026-01-01T00:00:00.000Z",
         "updated": "2026-01-01T00:00:00.000Z", "state": "comparing", "workers": [], "bytes_per_second": 1,
         "history": [], "failures": [], "missing": [], "slowest_files": [],
         "jobs": [{"name": "j", "run": "r", "state": "comparing", "map": "", "shards_per_cell": 1, \(job)}]}
        """, to: "status.json")
      let output = try Program.run(Program.modeltree, ["status", scratch.path])
      #expect(output.status == 65 && output.stderr.contains("status.json"), "\(field): \(output.stderr)")
    }
  }
}
