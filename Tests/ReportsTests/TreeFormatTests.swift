import Core
import Foundation
import Graph
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
    var inferred: [String]?
    /// Source, target, and what the format says of the component.
    var components: [[String]]?
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
  private let graph = nastyGraph()

  init() throws { folder = try TemporaryFolder() }

  private func read(_ format: TreeFormat) throws -> Found {
    _ = try TreeFormat.writeAll(report(graph), to: folder.path)
    return try Oracle.run("forest.py", folder.path, format.rawValue)
  }

  /// The same nodes and edges, ids changed as the format demands.
  private func expectSame(_ found: Found, nodes: Bool = true, _ change: (String) -> String = { $0 }) {
    if nodes {
      #expect(
        found.nodes.map { Pair($0, "") }.sorted() == graph.nodes.map { Pair(change($0.id), "") }.sorted())
    }
    let expected = graph.edges.map { Pair(change(ids[$0.source]), change(ids[$0.target])) }
    let edges = found.edges.map { Pair($0.source, $0.target) }
    #expect(edges.count == expected.count)
    for missing in Set(expected).subtracting(edges) {
      Issue.record("no edge \(missing.source.text) -> \(missing.target.text)")
    }
  }

  private var ids: [String] { graph.nodes.map(\.id) }

  /// What XML 1.0 cannot hold is escaped, and what would be taken for an escape; everything else is a reference.
  private func inXML(_ id: String) -> String {
    let scalars = Array(id.unicodeScalars)
    return scalars.indices.map { place in
      let scalar = scalars[place]
      let isIllegal = scalar.value < 0x20 && !["\t", "\n", "\r"].contains(scalar)
      let isEscape = scalar == "\\" && scalars[(place + 1)...].starts(with: ["u", "{"])
      return isIllegal || isEscape ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }.joined()
  }

  /// An id as `edges.csv` has it.
  private func inTable(_ id: String) -> String {
    let text = escaped(id)
    let isFormula = text.unicodeScalars.first { $0 != "'" }.map { "=+-@\u{ff1d}".unicodeScalars.contains($0) } ?? false
    return isFormula ? "'" + text : text
  }

  @Test func networkxReadsTheNodeLinkJSON() throws {
    let found = try read(.json)
    expectSame(found)
    expectAttributes(found)
    #expect(found.nodes.count == graph.nodes.count)
  }

  @Test func networkxReadsTheGraphML() throws {
    let found = try read(.graphml)
    expectSame(found, inXML)
    expectAttributes(found, inXML)
  }

  private func expectAttributes(_ found: Found, _ change: (String) -> String = { $0 }) {
    let parents = graph.parents
    #expect(found.paths == graph.nodes.map { change($0.model?.path ?? "") })
    #expect(found.roots == graph.nodes.indices.filter { parents[$0] == nil }.map { change(ids[$0]) })
    #expect(found.scored == graph.nodes.filter { $0.model?.score != nil }.map { change($0.id) })
    #expect(found.families == graph.nodes.map(\.family))
    let duplicate = graph.nodes[graph.nodes.count - 2]
    #expect(found.duplicates == [change(duplicate.id): change(duplicate.model?.duplicateOf.map { ids[$0] } ?? "")])
    let links = Dictionary(
      uniqueKeysWithValues: graph.edges.map { (Pair(change(ids[$0.source]), change(ids[$0.target])), $0) })
    for edge in found.edges {
      let link = links[Pair(edge.source, edge.target)]
      #expect(edge.distance == link?.distance)
      #expect(edge.support == link?.support)
      #expect(edge.relation == link?.relation.name)
    }
  }

  @Test func dendropyReadsTheNewick() throws {
    let found = try read(.newick)
    expectSame(found, escaped)
    let distances = Dictionary(
      uniqueKeysWithValues: graph.edges.map { (Pair("", escaped(ids[$0.target])), $0.distance) })
    for edge in found.edges { #expect(edge.distance == distances[Pair("", edge.target)]) }
  }

  @Test func dendropyReadsTheAnnotations() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "dendropy-nhx")
    expectSame(found, escaped)
    let links = Dictionary(uniqueKeysWithValues: graph.edges.map { (Pair("", escaped(ids[$0.target])), $0) })
    for edge in found.edges {
      let link = links[Pair("", edge.target)]
      #expect(edge.support == link?.support && edge.relation == link?.relation.name)
    }
  }

  /// Ancestors that are not in the collection, and components from strangers.
  @Test(arguments: [
    ("json", "vision tower"), ("graphml", "vision tower"), ("igraph", "vision tower"),
    ("dot", "contains vision tower, 30 %"), ("mermaid", "contains vision tower"), ("ete", nil), ("newick", nil),
    ("csv", "vision tower"),
  ])
  func otherToolsReadInferredNodesAndComponents(_ reader: String, _ component: String?) throws {
    let graph = graphWithInferredNodes()
    _ = try TreeFormat.writeAll(report(graph), to: folder.path)
    try folder.write(TreeFormat.nhx.render(report(graph)), to: "tree.nhx")
    let found: Found = try Oracle.run("forest.py", folder.path, reader)
    let edges = reader == "csv" ? graph.edges.filter { $0.kind != .extraParent } : graph.edges
    let shown = component == nil ? graph.treeEdges : edges
    #expect(
      found.edges.map { Pair($0.source, $0.target) }.sorted()
        == shown.map { Pair(graph.nodes[$0.source].id, graph.nodes[$0.target].id) }.sorted())
    if reader != "csv" { #expect(found.nodes.sorted() == graph.nodes.map(\.id).sorted()) }
    if reader != "csv", reader != "newick" { #expect(found.inferred?.sorted() == ["inferred-1", "inferred-2"]) }
    if let component { #expect(found.components == [["vision", "captioner", component]]) }
  }

  @Test func modelCardsNameNoBaseThatIsNotThere() {
    let text = TreeFormat.modelcard.render(report(graphWithInferredNodes()))
    let cards = text.components(separatedBy: "---\n").dropFirst()
    #expect(cards.count == 6, "no card for inferred nodes")
    let left = cards.first { $0.hasPrefix("# left\n") } ?? ""
    #expect(left.contains("its base is not in the collection") && !left.contains("base_model"))
    let captioner = cards.first { $0.hasPrefix("# captioner\n") } ?? ""
    #expect(captioner.contains("base_model: \"right\""))
    #expect(captioner.contains("# contains the vision tower of vision, 30 % of the weights"))
  }

  /// `(?:\u{hex})` gives every id back, so no two of them meet.
  @Test func escapesAreReversible() {
    for id in nastyIDs {
      let text = escaped(id)
      let back = text.replacing(#/\\u\{([0-9a-f]+)\}/#) { found in
        UInt32(found.1, radix: 16).flatMap(Unicode.Scalar.init).map { String(Character($0)) } ?? ""
      }
      #expect(Pair(back, "") == Pair(id, ""), "\(id.debugDescription)")
      let cell = inTable(id)
      let plain =
        cell.unicodeScalars.first == "'" && inTable(String(cell.dropFirst())) == cell
        ? String(cell.unicodeScalars.dropFirst()) : cell
      #expect(Pair(plain, "") == Pair(text, ""), "\(id.debugDescription)")
    }
    #expect(Set(nastyIDs.map { Pair(inTable($0), "") }).count == nastyIDs.count)
    #expect(Set(nastyIDs.map { Pair(inXML($0), "") }).count == nastyIDs.count)
  }

  /// Whatever names hold, nothing that is printed drives a terminal.
  @Test(arguments: TreeFormat.allCases)
  func noFormatDrivesATerminal(_ format: TreeFormat) {
    for graph in [graph, graphWithInferredNodes()] {
      var graph = graph
      for place in graph.nodes.indices where !graph.nodes[place].isInferred {
        graph.nodes[place].model?.dtype = "\u{1b}]0;title\u{7}"
        graph.nodes[place].model?.path = "/\u{9b}31m/\u{202e}"
        graph.nodes[place].model?.format = "\u{85}"
      }
      for place in graph.edges.indices where graph.edges[place].component != nil {
        graph.edges[place].kind = .component("\u{1b}[2J\u{202e}")
      }
      let text = format.render(report(graph, notes: ["\u{1b}[2J\u{85}\u{2066}"]))
      for scalar in text.unicodeScalars where scalar != "\n" && scalar.isHazard {
        Issue.record("U+\(String(scalar.value, radix: 16)) in \(format)")
      }
    }
  }

  @Test func cellsThatASpreadsheetWouldRunAreText() {
    let ids = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "\u{ff1d}1", "a=1", "\t=1", "\r=1", "'plain"]
    let graph = ModelGraph(nodes: ids.map { observed($0) }, edges: ids.indices.dropFirst().map { edge(0, $0) })
    let children = TreeFormat.csv.render(report(graph)).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",")[1]
    }
    #expect(
      children == [
        "'+1", "'-1", "'@SUM(A1)", "''=1", "'\u{ff1d}1", "a=1", "\\u{9}=1", "\\u{d}=1", "'plain",
      ])
    var declared = graph
    declared.compare(declared: ["a=1": "=cmd|'/C calc'!A0"])
    #expect(HintTable.render(declared)?.contains("\na=1,'=cmd|'/C calc'!A0,,'=1+1,,1.0") == true)
  }

  /// Quotes within quotes are beyond these two; plain names are not.
  @Test(arguments: ["biopython", "ete"])
  func otherReadersOfTreesFindTheSupport(_ reader: String) throws {
    let plain = grownGraph(models: 60, families: 3, seed: 4)
    _ = try folder.write(TreeFormat.nhx.render(report(plain)), to: "tree.nhx")
    let found: Found = try Oracle.run("forest.py", folder.path, reader)
    #expect(found.nodes.sorted() == plain.nodes.map(\.id).sorted())
    let links = Dictionary(uniqueKeysWithValues: plain.edges.map { (plain.nodes[$0.target].id, $0) })
    #expect(found.edges.count == plain.edges.count)
    for edge in found.edges {
      let link = try #require(links[edge.target])
      #expect(edge.source == plain.nodes[link.source].id && edge.distance == link.distance)
      #expect(edge.support == link.support && edge.relation == link.relation.name)
    }
  }

  @Test func igraphReadsTheGraphML() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "igraph")
    expectSame(found, inXML)
    #expect(found.families == graph.nodes.map(\.family))
    #expect(found.edges.map(\.distance) == graph.edges.map(\.distance))
  }

  @Test func pandasReadsTheTableOfEdges() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "pandas")
    expectSame(found, nodes: false, inTable)
    #expect(found.edges.map(\.support) == graph.edges.map(\.support))
  }

  @Test func theHubsLibraryReadsTheModelCards() throws {
    try writeAll()
    // Cards suggest only what is decided.
    var sure = graph
    for place in sure.edges.indices { (sure.edges[place].support, sure.edges[place].directionSupport) = (1, 1) }
    try folder.write(TreeFormat.modelcard.render(report(sure)), to: "model-cards.yaml")
    let found: Found = try Oracle.run("forest.py", folder.path, "model-cards")
    let expected = graph.edges.map { Pair(ids[$0.source], "") }.sorted()
    #expect(found.edges.map { Pair($0.source, "") }.sorted() == expected)
    #expect(found.edges.count { $0.relation == "duplicate" } == 1)
  }

  @Test(.enabled(if: Chromium.isHere, Comment(rawValue: Chromium.missing)))
  func mermaidItselfReadsTheFlowchart() throws {
    try writeAll()
    let found: Found = try Oracle.run("forest.py", folder.path, "mermaid-itself")
    // Mermaid trims its labels.
    expectSame(found) { escaped($0).trimmingCharacters(in: [" "]) }
  }

  /// Also the forms that have no file in a run directory.
  private func writeAll() throws {
    _ = try TreeFormat.writeAll(report(graph), to: folder.path)
    try folder.write(TreeFormat.nhx.render(report(graph)), to: "tree.nhx")
    try folder.write(TreeFormat.modelcard.render(report(graph)), to: "model-cards.yaml")
  }

  @Test func pydotReadsTheGraphvizFile() throws {
    // Line breaks are escapes of Graphviz itself.
    expectSame(try read(.dot)) { escaped($0).replacing("\\u{a}", with: "\n").replacing("\\u{d}", with: "\r") }
  }

  @Test func mermaidKeepsToTheGrammarThatItReliesOn() throws {
    expectSame(try read(.mermaid), escaped)
  }

  @Test func pythonReadsTheTableOfEdges() throws {
    let found = try read(.csv)
    expectSame(found, nodes: false, inTable)
    #expect(
      found.columns == [
        "parent", "child", "distance", "support", "direction_support", "relation", "family", "grade", "runner_up",
        "declared_base", "hint",
      ])
    #expect(found.edges.map(\.distance) == graph.edges.map(\.distance))
    #expect(found.edges.map(\.relation) == graph.edges.map(\.relation.name))
    #expect(found.families == graph.edges.map { graph.nodes[$0.target].family })
  }

  @Test func textShowsEveryModelOnceAndDrivesNoTerminal() {
    let text = TreeFormat.text.render(report(graph))
    for scalar in text.unicodeScalars where scalar != "\n" {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        Issue.record("U+\(String(scalar.value, radix: 16)) in the text")
      default: break
      }
    }
    let lines = text.split(separator: "\n")
    // Three lines of summary, and a title for each of three families.
    #expect(lines.count == graph.nodes.count + 6)
    for node in graph.nodes {
      #expect(text.contains(node.id.printable), "\(node.id)")
    }
    #expect(lines[0].hasPrefix("\(graph.nodes.count) models: 2 families (roots plain, "))
    #expect(lines[3] == "family 0: 30 models")
    #expect(lines[4] == "plain  (root)")
    #expect(lines.last == " leading and trailing   (not compared with any other model)")
    #expect(lines.contains { $0.hasSuffix("  (duplicate)") })
  }

  @Test func reportsComeBackFromTheirJSON() throws {
    for graph in [graph, graphWithInferredNodes(), grownGraph(models: 40, families: 3, seed: 8)] {
      var graph = graph
      graph.compare(declared: [graph.nodes[1].id: graph.nodes[0].id, graph.nodes[2].id: "elsewhere"])
      let written = report(graph, notes: ["first", "second"])
      _ = try TreeFormat.writeAll(written, to: folder.path)
      #expect(try TreeReport(path: folder.at("tree.json")) == written)
    }
  }

  @Test func everyFormButTextHasItsFile() throws {
    let paths = try TreeFormat.writeAll(report(graph), to: folder.path)
    let names = ["tree.json", "tree.nwk", "tree.dot", "tree.graphml", "tree.mmd", "edges.csv"]
    #expect(paths == names.map { folder.at($0) })
    #expect(try folder.names(in: ".") == names.sorted())
    for format in TreeFormat.allCases {
      guard let name = format.fileName else { continue }
      #expect(try folder.read(name) == Array(format.render(report(graph)).utf8))
      #expect(format.render(report(graph)).hasSuffix("\n"))
    }
  }

  @Test func emptyGraphIsWrittenInEveryForm() throws {
    let empty = report(ModelGraph(nodes: [], edges: []))
    _ = try TreeFormat.writeAll(empty, to: folder.path)
    #expect(TreeFormat.newick.render(empty).isEmpty)
    // No tree is no Newick file to dendropy.
    for format in TreeFormat.allCases where format.fileName != nil && format != .newick {
      let found: Found = try Oracle.run("forest.py", folder.path, format.rawValue)
      #expect(found.nodes.isEmpty && found.edges.isEmpty)
    }
    #expect(try TreeReport(path: folder.at("tree.json")) == empty)
  }

  @Test func missingAndForeignTreesAreNamed() throws {
    let missing = try #require(failure { _ = try TreeReport(path: folder.at("tree.json")) })
    #expect(missing.kind == .badInput && missing.message.contains(folder.at("tree.json")))
    for text in ["", "[]", "{\"nodes\": []}", "{\"directed\": true"] {
      let path = try folder.write(text, to: "tree.json")
      let error = try #require(failure { _ = try TreeReport(path: path) })
      #expect(error.kind == .badInput)
      #expect(error.message.contains("'\(path)' is not a tree"))
    }
  }

  @Test func folderThatIsNotThereIsNamed() throws {
    let error = try #require(failure { _ = try TreeFormat.writeAll(report(graph), to: folder.at("none")) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains(folder.at("none/tree.json")))
  }
}

extension [UInt32] {
  fileprivate var text: String {
    String(String.UnicodeScalarView(compactMap(Unicode.Scalar.init))).debugDescription
  }
}
