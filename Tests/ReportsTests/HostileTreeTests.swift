import Core
import Foundation
import Graph
import Reports
import System
import TestSeed
import TestSupport
import Testing

/// A run directory may come from anybody: `tree.json` is refused with its file, node and what was expected.
struct HostileTreeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func node(_ id: String, _ change: String = "", family: String = "0", root: Bool = false) -> String {
    """
    {"id": "\(id)", "path": "/m", "family": \(family), "root": \(root), "dtype": "F32", "parameters": 1\(change)}
    """
  }

  private static func link(
    _ source: String, _ target: String, support: String = "1", direction: String = "1", _ more: String = "",
    distance: String = "1", relation: String = "finetune"
  ) -> String {
    """
    {"source": "\(source)", "target": "\(target)", "distance": \(distance), "support": \(support), \
    "direction_support": \(direction), "relation": "\(relation)"\(more)}
    """
  }

  private static func tree(_ nodes: [String], _ links: [String], graph: String = "{}") -> String {
    """
    {"directed": true, "multigraph": false, "graph": \(graph),
     "nodes": [\(nodes.joined(separator: ","))], "links": [\(links.joined(separator: ","))]}
    """
  }

  private static let two = [node("a", root: true), node("b")]

  private static let cases: [(String, String)] = [
    (tree([node("a"), node("b")], [link("a", "b"), link("b", "a")]), "'a' is its own ancestor"),
    (tree([node("a", root: true), node("a")], [link("a", "a")]), "'a' is listed twice"),
    (
      tree([node("a", root: true), node("b", root: true), node("c")], [link("a", "c"), link("b", "c")]),
      "'c' has the parents 'a' and 'b', expected at most one"
    ),
    (tree(two, [link("a", "b", support: "1e18")]), "from 'a' to 'b' has the support 1e+18, expected 0 to 1"),
    (tree(two, [link("a", "b", direction: "1e300")]), "has the direction support 1e+300, expected 0 to 1"),
    (tree([node("a", family: "9223372036854775807", root: true)], []), "'a' has the family 9223372036854775807"),
    (tree([node("a", family: "-1", root: true)], []), "'a' has the family -1, expected a number from 0 to 0"),
    (tree([node("a", family: "1e300", root: true)], []), "1e300"),
    (tree(two, [link("a", "b", distance: "-1")]), "has the distance -1.0, expected a finite number"),
    (tree(two, [link("a", "b", distance: "1e999")]), "1e999"),
    (tree(two, [link("a", "z")]), "the target 'z' of 'a' is not among the nodes"),
    (tree(two, []), "'b' has \"root\": false, expected true: it has no parent"),
    (tree(two, [link("a", "b", relation: "cousin")]), "has the relation 'cousin', expected one of finetune, lora"),
    (tree(two, [link("a", "b", ", \"rank\": -7", relation: "lora")]), "has the rank -7"),
    (tree(two, [link("a", "b", ", \"share\": 1e18", relation: "merge")]), "has the share 1e+18"),
    (tree(two, [link("a", "b", ", \"transform\": [\"melted\"]")]), "has the transform 'melted'"),
    (tree(two, [link("a", "b", relation: "contains")]), "expected \"extra\": true and a component"),
    (tree([node("a", ", \"duplicate_of\": \"a\"", root: true)], []), "'a' is the duplicate of something else"),
    (tree([node("a", ", \"duplicate_of\": \"z\"", root: true)], []), "the original 'z' of 'a' is not among"),
    (tree([node("a", ", \"inferred\": true", root: true)], []), "the inferred node 'a' has no support"),
    (
      tree([node("a", root: true), node("b", family: "1")], [link("a", "b")]),
      "'b' is of family 1 and its parent 'a' of family 0, expected the same"
    ),
    (tree(two, [link("a", "b")], graph: "{\"distance\": \"../../x\"}"), "'distance' of the graph is '../../x'"),
    (tree(two, [link("a", "b")], graph: "{\"lambda\": \"nan\"}"), "'lambda' of the graph is 'nan'"),
    (tree(two, [link("a", "b")], graph: "{\"families\": \"-3\"}"), "'families' of the graph is '-3'"),
    (tree([node("\\u001b[2J", family: "7", root: true)], []), "'\\u{1b}[2J' has the family 7"),
    (String(repeating: "[", count: 200_000), "is not a tree of modeltree"),
    ("{\"directed\": true, \"graph\": " + String(repeating: "{\"a\":", count: 200_000), "is not a tree of modeltree"),
  ]

  @Test(arguments: cases)
  func whatCannotBeATreeIsNamed(_ text: String, _ message: String) throws {
    let path = try folder.write(text, to: "tree.json")
    let error = try #require(failure { _ = try TreeReport(path: path) })
    #expect(error.kind == .badInput && error.message.contains(path))
    #expect(error.message.contains(message), "\(error.message)")
    #expect(!error.advice.isEmpty)
  }

  @Test func whatIsSoundIsRead() throws {
    let text = Self.tree(Self.two, [Self.link("a", "b")], graph: "{\"later\": \"key\"}")
    #expect(try TreeReport(path: folder.write(text, to: "tree.json")).graph.parents == [nil, 0])
  }

  @Test func pipesAndFoldersAreNotWaitedFor() throws {
    #expect(mkfifo(folder.at("tree.json"), 0o600) == 0)
    let error = try #require(failure { _ = try TreeReport(path: folder.at("tree.json")) })
    #expect(error.message.contains("it is not a regular file"))
  }

  /// Whatever is wrong with a byte or a number: refused, or read and written in every form.
  @Test func damagedTreesAreRefusedOrHarmless() throws {
    var random = Seeded.fresh()
    var graph = graphWithInferredNodes()
    graph.compare(declared: ["tuned": "left"])
    let sound = Array(TreeFormat.json.render(report(graph, notes: ["note"])).utf8)
    let numbers = ["-1", "1e308", "5e-324", "9223372036854775807", "0", "1", "null", "\"\"", "[]", "{}", "true", "2"]
    var read = 0
    for _ in 0..<1500 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[Int.random(in: bytes.indices, using: &random)], at: place)
        default:
          // The next value becomes another.
          guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")),
            let end = bytes[colon...].firstIndex(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") })
          else { continue }
          bytes.replaceSubrange((colon + 1)..<end, with: (numbers.randomElement(using: &random) ?? "0").utf8)
        }
      }
      let path = folder.at("tree.json")
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let found: TreeReport
      do throws(Failure) {
        found = try TreeReport(path: path)
      } catch {
        #expect(error.kind == .badInput && error.message.contains(path), "seed \(random.seed)")
        continue
      }
      read += 1
      for format in TreeFormat.allCases { #expect(!format.render(found).isEmpty, "seed \(random.seed)") }
    }
    #expect(read > 50 && read < 1400)
  }

  /// Nothing recurses and nothing is quadratic: read, and written in every form.
  @Test(arguments: ["chain", "star", "comb", "lone"])
  func thirtyThousandModelsAreWrittenInEveryForm(_ shape: String) throws {
    let written = report(largeGraph(shape, models: 30_000))
    _ = try TreeFormat.writeAll(written, to: folder.path)
    let read = try TreeReport(path: folder.at("tree.json"))
    #expect(read == written)
    for format in TreeFormat.allCases { #expect(!format.render(read).isEmpty) }
  }
}
