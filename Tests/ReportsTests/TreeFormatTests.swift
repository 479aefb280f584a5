import Core
import Foundation
import Lineage
import Reports
import System
import TestSupport
import Testing

/// Every format, as the tools that it is meant for read it.
struct TreeFormatTests {
  private struct Found: Decodable {
    struct Edge: Decodable {
      var source: String
      var target: String
      var distance: Double?
      var support: Double?
      var relation: String?
    }
    var nodes: [String]
    var edges: [Edge]
    var paths: [String]?
    var scored: [String]?
    var roots: [String]?
    var families: [Int]?
    var duplicates: [String: String]?
    var columns: [String]?
  }

  /// Compared scalar by scalar: Swift's strings are equal when they merely look the same.
  private struct Pair: Hashable, Comparable {
    var source: [UInt32]
    var target: [UInt32]
    init(_ source: String, _ target: String) {
      self.source = source.unicodeScalars.map(\.value)
      self.target = target.unicodeScalars.map(\.value)
    }
    static func < (a: Pair, b: Pair) -> Bool {
      a.source == b.source
        ? a.target.lexicographicallyPrecedes(b.target) : a.source.lexicographicallyPrecedes(b.source)
    }
  }

  private let folder: TemporaryFolder
  private let forest = nastyForest()

  init() throws { folder = try TemporaryFolder() }

  private func read(_ format: TreeFormat) throws -> Found {
    _ = try TreeFormat.writeAll(forest, to: folder.path)
    return try Oracle.run("forest.py", folder.path, format.rawValue)
  }

  /// The same nodes and edges, ids changed as the format demands.
  private func expectSame(_ found: Found, nodes: Bool = true, _ change: (String) -> String = { $0 }) {
    if nodes {
      #expect(
        found.nodes.map { Pair($0, "") }.sorted() == forest.nodes.map { Pair(change($0.id), "") }.sorted())
    }
    let expected = forest.links.map { Pair(change($0.source), change($0.target)) }
    let edges = found.edges.map { Pair($0.source, $0.target) }
    #expect(edges.count == expected.count)
    for missing in Set(expected).subtracting(edges) {
      Issue.record("no edge \(missing.source.text) -> \(missing.target.text)")
    }
  }

  private func spaces(_ id: String, insteadOf isReplaced: (Unicode.Scalar) -> Bool) -> String {
    String(String.UnicodeScalarView(id.unicodeScalars.map { isReplaced($0) ? " " : $0 }))
  }

  @Test func networkxReadsTheNodeLinkJSON() throws {
    let found = try read(.json)
    expectSame(found)
    expectAttributes(found)
    #expect(found.nodes.count == forest.nodes.count)
  }

  @Test func networkxReadsTheGraphML() throws {
    let found = try read(.graphml)
    // XML has no way to write most control characters.
    let change = { (text: String) in text.replacing("\u{1b}", with: "\u{fffd}") }
    expectSame(found, change)
    expectAttributes(found, change)
  }

  private func expectAttributes(_ found: Found, _ change: (String) -> String = { $0 }) {
    #expect(found.paths == forest.nodes.map { change($0.path) })
    #expect(found.roots == forest.nodes.filter(\.root).map { change($0.id) })
    #expect(found.scored == forest.nodes.filter { $0.score != nil }.map { change($0.id) })
    #expect(found.families == forest.nodes.map(\.family))
    let duplicate = forest.nodes[forest.nodes.count - 2]
    #expect(found.duplicates == [duplicate.id: duplicate.duplicateOf ?? ""])
    let links = Dictionary(
      uniqueKeysWithValues: forest.links.map { (Pair(change($0.source), change($0.target)), $0) })
    for edge in found.edges {
      let link = links[Pair(edge.source, edge.target)]
      #expect(edge.distance == link?.distance)
      #expect(edge.support == link?.support)
      #expect(edge.relation == link?.relation.name)
    }
  }

  @Test func dendropyReadsTheNewick() throws {
    let found = try read(.newick)
    // Line breaks end a label for many readers; other controls may stay.
    let change = { (id: String) in spaces(id) { $0 == "\n" || $0 == "\r" } }
    expectSame(found, change)
    let distances = Dictionary(
      uniqueKeysWithValues: forest.links.map { (Pair("", change($0.target)), $0.distance) })
    for edge in found.edges { #expect(edge.distance == distances[Pair("", edge.target)]) }
  }

  @Test func dendropyReadsTheAnnotations() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "dendropy-nhx")
    let change = { (id: String) in spaces(id) { $0 == "\n" || $0 == "\r" } }
    expectSame(found, change)
    let links = Dictionary(
      uniqueKeysWithValues: forest.links.map { (Pair("", change($0.target)), $0) })
    for edge in found.edges {
      let link = links[Pair("", edge.target)]
      #expect(edge.support == link?.support && edge.relation == link?.relation.name)
    }
  }

  /// Quotes within quotes are beyond these two; plain names are not.
  @Test(arguments: ["biopython", "ete"])
  func otherReadersOfTreesFindTheSupport(_ reader: String) throws {
    let plain = grownForest(models: 60, families: 3, seed: 4)
    _ = try folder.write(TreeFormat.nhx.render(plain), to: "tree.nhx")
    let found: Found = try Oracle.run("forest.py", folder.path, reader)
    #expect(found.nodes.sorted() == plain.nodes.map(\.id).sorted())
    let links = Dictionary(uniqueKeysWithValues: plain.links.map { ($0.target, $0) })
    #expect(found.edges.count == plain.links.count)
    for edge in found.edges {
      let link = try #require(links[edge.target])
      #expect(edge.source == link.source && edge.distance == link.distance)
      #expect(edge.support == link.support && edge.relation == link.relation.name)
    }
  }

  @Test func igraphReadsTheGraphML() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "igraph")
    expectSame(found) { $0.replacing("\u{1b}", with: "\u{fffd}") }
    #expect(found.families == forest.nodes.map(\.family))
    #expect(found.edges.map(\.distance) == forest.links.map(\.distance))
  }

  @Test func pandasReadsTheTableOfEdges() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "pandas")
    expectSame(found, nodes: false)
    #expect(found.edges.map(\.support) == forest.links.map(\.support))
  }

  @Test func theHubsLibraryReadsTheModelCards() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "model-cards")
    let expected = forest.links.map { Pair($0.source, "") }.sorted()
    #expect(found.edges.map { Pair($0.source, "") }.sorted() == expected)
    #expect(found.edges.count { $0.relation == "duplicate" } == 1)
  }

  @Test(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
  func mermaidItselfReadsTheFlowchart() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "mermaid-itself")
    // Mermaid trims its labels.
    expectSame(found) { spaces($0) { $0.value < 0x20 }.trimmingCharacters(in: [" "]) }
  }

  /// Also the forms that have no file in a run directory.
  private func writeAll() throws {
    _ = try TreeFormat.writeAll(forest, to: folder.path)
    try folder.write(TreeFormat.nhx.render(forest), to: "tree.nhx")
    try folder.write(TreeFormat.modelcard.render(forest), to: "model-cards.yaml")
  }

  @Test func pydotReadsTheGraphvizFile() throws {
    expectSame(try read(.dot))
  }

  @Test func mermaidKeepsToTheGrammarThatItReliesOn() throws {
    expectSame(try read(.mermaid)) { spaces($0) { $0.value < 0x20 } }
  }

  @Test func pythonReadsTheTableOfEdges() throws {
    let found = try read(.csv)
    expectSame(found, nodes: false)
    #expect(
      found.columns == ["parent", "child", "distance", "support", "direction_support", "relation", "family"])
    #expect(found.edges.map(\.distance) == forest.links.map(\.distance))
    #expect(found.edges.map(\.relation) == forest.links.map(\.relation.name))
    let families = Dictionary(uniqueKeysWithValues: forest.nodes.map { (Pair($0.id, ""), $0.family) })
    #expect(found.families == forest.links.map { families[Pair($0.target, "")] ?? -1 })
  }

  @Test func textShowsEveryModelOnceAndDrivesNoTerminal() {
    let text = TreeFormat.text.render(forest)
    for scalar in text.unicodeScalars where scalar != "\n" {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        Issue.record("U+\(String(scalar.value, radix: 16)) in the text")
      default: break
      }
    }
    let lines = text.split(separator: "\n")
    #expect(lines.count == forest.nodes.count + 3)
    for node in forest.nodes {
      #expect(text.contains(node.id.printable), "\(node.id)")
    }
    #expect(lines[0] == "family 1: 30 models")
    #expect(lines[1] == "plain  (root)")
    #expect(lines.last == " leading and trailing   (related to no other model)")
    #expect(lines.contains { $0.hasSuffix("  (duplicate)") })
  }

  @Test func forestComesBackFromItsJSON() throws {
    _ = try TreeFormat.writeAll(forest, to: folder.path)
    #expect(try JSONTree.read(folder.at("tree.json")) == forest)
  }

  @Test func everyFormButTextHasItsFile() throws {
    let paths = try TreeFormat.writeAll(forest, to: folder.path)
    let names = ["tree.json", "tree.nwk", "tree.dot", "tree.graphml", "tree.mmd", "edges.csv"]
    #expect(paths == names.map { folder.at($0) })
    #expect(try folder.names(in: ".") == names.sorted())
    for format in TreeFormat.allCases {
      guard let name = format.fileName else { continue }
      #expect(try folder.read(name) == Array(format.render(forest).utf8))
      #expect(format.render(forest).hasSuffix("\n"))
    }
  }

  @Test func emptyForestIsWrittenInEveryForm() throws {
    let empty = Forest(graph: [:], nodes: [], links: [])
    _ = try TreeFormat.writeAll(empty, to: folder.path)
    #expect(TreeFormat.newick.render(empty).isEmpty)
    // No tree is no Newick file to dendropy.
    for format in TreeFormat.allCases where format.fileName != nil && format != .newick {
      let found: Found = try Oracle.run("forest.py", folder.path, format.rawValue)
      #expect(found.nodes.isEmpty && found.edges.isEmpty)
    }
    #expect(try JSONTree.read(folder.at("tree.json")) == empty)
  }

  @Test func missingAndForeignTreesAreNamed() throws {
    let missing = try #require(failure { _ = try JSONTree.read(folder.at("tree.json")) })
    #expect(missing.kind == .badInput && missing.message.contains(folder.at("tree.json")))
    for text in ["", "[]", "{\"nodes\": []}", "{\"directed\": true"] {
      let path = try folder.write(text, to: "tree.json")
      let error = try #require(failure { _ = try JSONTree.read(path) })
      #expect(error.kind == .badInput)
      #expect(error.message.contains("'\(path)' is no tree"))
    }
  }

  @Test func folderThatIsNotThereIsNamed() throws {
    let error = try #require(failure { _ = try TreeFormat.writeAll(forest, to: folder.at("none")) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains(folder.at("none/tree.json")))
  }
}

extension [UInt32] {
  fileprivate var text: String {
    String(String.UnicodeScalarView(compactMap(Unicode.Scalar.init))).debugDescription
  }
}
