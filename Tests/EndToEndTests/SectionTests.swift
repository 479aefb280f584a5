import Foundation
import TestPrograms
import TestSupport
import Testing

/// Collections of which not all pairs are compared, as a user sees them.
@Suite struct SectionTests {
  private struct Tree: Decodable {
    struct Node: Decodable {
      var id: String
      var family: Int
      var root: Bool
      var compared: Int?
      var duplicate_of: String?
    }
    struct Link: Decodable, Hashable {
      var source: String
      var target: String
      var relation: String
      var extra: Bool?
    }
    var graph: [String: String]
    var nodes: [Node]
    var links: [Link]

    var edges: Set<Link> { Set(links.filter { $0.extra != true }) }

    func families(without id: String) -> Set<Set<String>> {
      Set(Dictionary(grouping: nodes.filter { $0.id != id }, by: \.family).values.map { Set($0.map(\.id)) })
    }
  }

  private func run(_ arguments: [String]) throws -> Program.Output { try Program.run(Program.modeltree, arguments) }

  private func tree(_ run: String) throws -> Tree {
    try JSONDecoder().decode(Tree.self, from: Data(contentsOf: URL(fileURLWithPath: "\(run)/tree.json")))
  }

  /// All shipped zoos together: five families, and a stranger.
  @Test func sectionsGiveTheTreesOfAllPairs() throws {
    let folder = try TemporaryFolder()
    let zoo = "\(Program.root)/zoo"
    #expect(try run(["recover", zoo, "--out", folder.at("all"), "--pairs", "all"]).status == 0)
    let first = try run(
      ["recover", zoo, "--out", folder.at("parts"), "--pairs", "sections", "--registry", folder.at("known")])
    #expect(first.status == 0, "\(first.stderr)")
    #expect(first.stderr.contains("51 fingerprints to make"), "\(first.stderr)")
    let (whole, parts) = (try tree(folder.at("all")), try tree(folder.at("parts")))
    #expect(parts.nodes.map(\.id) == whole.nodes.map(\.id))
    // An adapter has no fingerprint, and that is said.
    let adapter = try #require(whole.edges.first { $0.relation == "adapter" })
    #expect(parts.graph.values.contains { $0.hasPrefix("\(adapter.target): is an adapter, which has no fingerprint") })
    #expect(parts.edges == whole.edges.subtracting([adapter]))
    #expect(parts.families(without: adapter.target) == whole.families(without: adapter.target))
    let roots = parts.nodes.filter { $0.root && $0.id != adapter.target }
    #expect(roots.map(\.id) == whole.nodes.filter(\.root).map(\.id))
    #expect(parts.nodes.map(\.duplicate_of) == whole.nodes.map(\.duplicate_of))
    #expect(parts.graph.values.contains { $0.hasPrefix("sections: fingerprints divide the models into 5 sections") })
    #expect(parts.nodes.contains { $0.compared == 0 }, "the stranger was compared with no model")
    let pairs: Int = try Oracle.run("check_sections.py", folder.at("all"), folder.at("parts"))
    #expect(pairs > 200, "by the Python API")
    // Again, from the same registry and in the same directory: nothing is read twice.
    let again = try run(
      ["recover", zoo, "--out", folder.at("parts"), "--pairs", "sections", "--registry", folder.at("known")])
    #expect(again.stderr.contains("0 fingerprints to make, 51 known already"), "\(again.stderr)")
    #expect(again.stderr.contains("were finished before: no weight is read again"), "\(again.stderr)")
    #expect(try tree(folder.at("parts")).edges == parts.edges)
  }

  @Test func questionsAreAnsweredFromASectionedRun() throws {
    let folder = try TemporaryFolder()
    let models = try folder.makeFamily(children: 3)
    let strange = Recipe(folder: folder.at("models/strange"), seed: 77)
    let child = Recipe(folder: folder.at("models/strange-child"), seed: 78, parent: strange.folder)
    let other = Recipe(folder: folder.at("models/other"), seed: 79)
    try Recipe.make([strange, child, other])
    let out = folder.at("run")
    let recovered = try run(["recover", models, "--out", out, "--pairs", "sections"])
    #expect(recovered.status == 0, "\(recovered.stderr)")
    #expect(recovered.stdout.hasPrefix("7 models: 2 families"), "\(recovered.stdout)")
    let why = try run(["why", out, "child0"])
    #expect(why.status == 0 && why.stdout.contains("root"), "\(why.stderr)")
    let apart = try run(["why", out, "child0", "--instead", "strange"])
    #expect(
      apart.status == 0 && apart.stdout.contains("their fingerprints are not alike"), "\(apart.stdout)\(apart.stderr)")
    let path = try run(["path", out, "child0", "strange"])
    #expect(path.status == 0 && path.stdout.contains("their fingerprints are not alike"), "\(path.stdout)")
    for format in ["text", "json", "newick", "graphml", "html", "svg"] {
      #expect(try run(["tree", out, "--format", format]).status == 0, "\(format)")
    }
    let report = try run(["report", out, "child0"])
    #expect(report.status == 0, "\(report.stderr)")
    // A model that was compared with no other has no numbers, and that is no error.
    let alone = try run(["why", out, "other"])
    #expect(alone.status == 0, "\(alone.stderr)")
    let query = try run(["query", out, child.folder])
    #expect(query.status == 64 && query.stderr.contains("modeltree scan"), "\(query.stderr)")
    let scan = try run(["scan", child.folder, "--registry", "\(out)/registry", "--json"])
    #expect(scan.status == 0 && scan.stdout.contains("strange"), "\(scan.stderr)")
    let resumed = try run(["resume", out])
    #expect(resumed.status == 0, "\(resumed.stderr)")
    let shorter = folder.at("shorter")
    try FileManager.default.copyItem(atPath: out, toPath: shorter)
    let _: Int = try Oracle.run("check_sections.py", "short", shorter)
    for arguments in [["tree", shorter, "--format", "html"], ["report", shorter, "child0"]] {
      let refused = try run(arguments)
      #expect(refused.status == 65, "\(arguments): \(refused.status) \(refused.stderr)")
    }
    // A stranger's file may say anything in place of the number of sections.
    let hostile = folder.at("hostile")
    try FileManager.default.copyItem(atPath: out, toPath: hostile)
    let _: Int = try Oracle.run("check_sections.py", "many", hostile)
    for command in ["why", "path"] {
      let refused = try run([command, hostile, "child0"] + (command == "path" ? ["child1"] : []))
      #expect(refused.status == 65, "\(command): \(refused.status) \(refused.stderr)")
    }
    // The same directory with all pairs keeps what it has.
    let whole = try run(["recover", models, "--out", out, "--pairs", "all"])
    #expect(whole.status == 0, "\(whole.stderr)")
    #expect(whole.stdout.hasPrefix("7 models: 2 families"), "\(whole.stdout)")
  }

  @Test func moreModelsOfOneFamilyLeaveTheOthersAsTheyAre() throws {
    let folder = try TemporaryFolder()
    let models = try folder.makeFamily(children: 3)
    let strange = Recipe(folder: folder.at("models/strange"), seed: 77)
    try Recipe.make([strange, Recipe(folder: folder.at("models/strange-child"), seed: 78, parent: strange.folder)])
    let arguments = ["recover", models, "--out", folder.at("run"), "--pairs", "sections"]
    #expect(try run(arguments).status == 0)
    try Recipe.make([Recipe(folder: folder.at("models/strange-child-2"), seed: 80, parent: strange.folder)])
    let more = try run(arguments)
    #expect(more.status == 0, "\(more.stderr)")
    #expect(more.stderr.contains("1 fingerprint to make, 6 known already"), "\(more.stderr)")
    #expect(more.stderr.contains("1 added and 0 removed: 4 of 8 shards are kept"), "\(more.stderr)")
    #expect(try tree(folder.at("run")).edges.count == 5)
  }

  @Test func aNumberOfFamiliesNeedsAllPairs() throws {
    let folder = try TemporaryFolder()
    let output = try run(
      ["recover", try folder.makeFamily(), "--out", folder.at("run"), "--pairs", "sections", "--families", "2"])
    #expect(output.status == 64 && output.stderr.contains("--pairs all"), "\(output.stderr)")
  }
}
