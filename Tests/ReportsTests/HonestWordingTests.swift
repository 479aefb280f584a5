import Core
import Foundation
import Graph
import Reports
import TestSupport
import Testing

/// What is not sure, not compared or contradicted is said alike wherever a tree is shown.
struct HonestWordingTests {
  /// base -> firm, weak, open, turned (order in doubt); a stranger, a model that met only two others, one that met none.
  private var graph: ModelGraph {
    let ids = ["base", "firm", "weak", "open", "turned", "stranger", "partial", "alone"]
    let families = [0, 0, 0, 0, 0, 1, 2, 3]
    var nodes = zip(ids, families).map { observed($0, family: $1) }
    for place in nodes.indices.dropLast() {
      nodes[place].model?.score = 1
      nodes[place].model?.compared = place == 6 ? 2 : 6
    }
    nodes[7].model?.compared = 0
    let edges = [(1.0, 1.0), (0.84, 1), (0.56, 1), (0.97, 0.6)].enumerated().map { place, supports in
      ModelGraph.Edge(
        source: 0, target: place + 1, relation: .finetune, distance: 1, support: supports.0,
        directionSupport: supports.1)
    }
    var graph = ModelGraph(nodes: nodes, edges: edges)
    var cost = SquareMatrix(8, filledWith: .nan)
    for a in 0..<5 { for b in 0..<5 { cost[a, b] = a == 1 ? 2 : 3 } }
    graph.addRunnersUp(cost: cost)
    graph.compare(declared: ["weak": "open", "firm": "base", "stranger": "base", "open": "org/elsewhere"])
    return graph
  }

  @Test func runnersUpAreNamedWhereTheyAreWithinNoise() {
    #expect(graph.edges.map(\.runnerUp) == [nil, 1, 1, nil], "the order of the last one is in doubt, not its parent")
  }

  @Test func theTerminalSaysAllOfIt() {
    let lines = TextTree.render(graph).split(separator: "\n").map(String.init)
    func line(_ id: String) -> String { lines.first { $0.contains("\(id)  ") } ?? "" }
    #expect(line("firm").hasSuffix("support 100 %  [declared base base: agrees]"))
    #expect(line("weak").hasSuffix("support 84 %, weak  [declared base open: CONTRADICTED by the weights]"))
    #expect(
      line("open").hasSuffix("support 56 %, undecided  [or firm] [declared base org/elsewhere: not in the collection]"))
    #expect(line("turned").hasSuffix("support 97 %, direction 60 %, undecided  [or the reverse]"))
    #expect(
      line("stranger").hasSuffix(
        "(related to none of the 6 it was compared with, of 7) [declared base base: CONTRADICTED by the weights]"))
    #expect(line("partial").hasSuffix("(related to none of the 2 it was compared with, of 7)"))
    #expect(line("alone").hasSuffix("(not compared with any other model)"))
  }

  @Test func narrowTerminalsHaveMarks() {
    let lines = TextTree.render(graph, style: .init(columns: 60)).split(separator: "\n")
    #expect(lines.contains { $0.contains("84 % ~") } && lines.contains { $0.contains("56 % ?") })
    #expect(lines.contains { $0.contains("60 % ?") }, "of two supports the one that is in doubt")
  }

  @Test func theSummaryAnswersFirst() {
    let lines = ForestSummary(report(graph, notes: ["m: skipped"])).lines
    #expect(lines[0] == "8 models: 1 family (root base), 2 related to no other, 1 not compared")
    #expect(lines[1] == "4 edges: 1 firm, 1 weak, 2 undecided")
    #expect(lines[2] == "not compared with any other model: alone")
    #expect(lines.contains("contradicted: weak declares open, found under base"))
    #expect(lines.contains("contradicted: stranger declares base, found as a root"))
    let text = TreeFormat.text.render(report(graph, notes: ["m: skipped"]))
    #expect(text.hasPrefix(lines[0]) && text.hasSuffix("\n1 note:\n  m: skipped\n"))
  }

  @Test func tablesHaveGradeRunnerUpAndDeclaration() {
    let rows = TreeFormat.csv.render(report(graph)).split(separator: "\n")
    #expect(rows[1].hasSuffix(",0,firm,,base,agrees"))
    #expect(rows[2].hasSuffix(",0,weak,firm,open,contradicts"))
    #expect(rows[3].hasSuffix(",0,undecided,firm,org/elsewhere,"))
    #expect(rows[4].hasSuffix(",0,undecided,,,"))
  }

  @Test func cardsSuggestNothingThatIsUndecided() throws {
    let cards = TreeFormat.modelcard.render(report(graph)).components(separatedBy: "---\n")
    func card(_ id: String) throws -> String { try #require(cards.first { $0.hasPrefix("# \(id)\n") }) }
    #expect(try card("firm").contains("base_model: \"base\""))
    let weak = try card("weak")
    #expect(weak.contains("base_model: \"base\"") && weak.contains("# within noise of it: firm"))
    #expect(weak.contains("CONTRADICTED"))
    for id in ["open", "turned"] { #expect(try !card(id).contains("\nbase_model"), "\(id)") }
    #expect(try card("open").contains("undecided: or firm") && card("turned").contains("undecided: or the reverse"))
    #expect(try card("alone").contains("# not compared with any other model"))
  }

  @Test func whatIsWrittenComesBack() throws {
    let folder = try TemporaryFolder()
    _ = try TreeFormat.writeAll(report(graph), to: folder.path)
    #expect(try TreeReport(path: folder.at("tree.json")) == report(graph))
    let text = String(decoding: try folder.read("tree.json"), as: UTF8.self)
    #expect(text.contains("\"grade\" : \"weak\"") || text.contains("\"grade\": \"weak\""))
  }

  @Test func whySaysWhatIsDeclaredAndWhatElseMayBe() throws {
    let folder = try TemporaryFolder()
    _ = try TreeFormat.writeAll(report(graph), to: folder.path)
    try Oracle.run("make_run.py", folder.path)
    let run = try FinishedRun(path: folder.path)
    let weak = try Why(run, child: 2).text
    #expect(weak.contains("support 84 %, direction 100 %: weak, firm is within noise"))
    #expect(weak.contains("declared base open: CONTRADICTED by the weights ('modeltree why RUN weak --instead open'"))
    #expect(try Why(run, child: 4).text.contains("undecided, the reverse is nearly as likely"))
    #expect(try Why(run, child: 5).text.contains("declared base base: CONTRADICTED"))
  }
}
