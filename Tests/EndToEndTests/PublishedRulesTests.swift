import Foundation
import TestPrograms
import TestSupport
import Testing

/// The published rules by name, against their own implementation in numpy.
@Suite struct PublishedRulesTests {
  struct Run: Sendable {
    let zoo: String
    let metric: String
    var options: [String] = []
    /// Directed accuracy that the published method has with the authors' layer kinds.
    var directed: Double?
  }

  static let kinds = ["--distance-layers", "published", "--score-layers", "published"]

  private struct Evaluation: Decodable {
    var directed_accuracy: Double
  }

  @Test(arguments: [
    Run(zoo: "full-finetune", metric: "mother-ft", options: ["--families", "3"]),
    Run(zoo: "full-finetune", metric: "mother-ft", options: kinds, directed: 15.0 / 27),
    Run(zoo: "full-finetune", metric: "mother-ft", options: ["--stage", "generalization", "--lambda", "1.5"]),
    Run(zoo: "full-finetune", metric: "mother-lora", options: ["--score-layers", "o_proj"]),
    Run(zoo: "lora", metric: "mother-lora", options: ["--families", "1"]),
    Run(zoo: "lora", metric: "mother-lora", options: kinds, directed: 7.0 / 12),
    Run(zoo: "lora", metric: "mother-ft", options: ["--distance-layers", "q_proj|k_proj"]),
    // The adapter is no business of the published rules; it finds its base all the same.
    Run(zoo: "mixed", metric: "mother-ft", options: kinds, directed: 3.0 / 7),
    Run(zoo: "mixed", metric: "mother-lora", options: ["--families", "2"]),
  ])
  func matricesAndEdgesAreThoseOfNumpy(_ example: Run) throws {
    let scratch = try TemporaryFolder()
    let run = scratch.at("run")
    let models = "\(Program.root)/zoo/\(example.zoo)"
    let recovered = try Program.run(
      Program.modeltree, ["recover", models, "--out", run, "--distance", example.metric] + example.options)
    #expect(recovered.status == 0, "\(recovered.stderr)")
    let checked = try Program.oracle("check_published", [run, models])
    #expect(checked.status == 0, "\(checked.stdout)\(checked.stderr)")
    guard let directed = example.directed else { return }
    let evaluated = try Program.run(
      Program.modeltree, ["evaluate", run, "--truth", "\(models)/truth.json", "--json"])
    let found = try JSONDecoder().decode(Evaluation.self, from: Data(evaluated.stdout.utf8))
    #expect(abs(found.directed_accuracy - directed) < 1e-9)
  }

  @Test func optionsThatCannotWorkAreRefusedBeforeAnyWeightIsRead() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = ["recover", models, "--out", scratch.at("run")]
    let words = try Program.run(Program.modeltree, run + ["--score-layers", "q_proj"])
    #expect(words.status == 64)
    #expect(words.stderr.contains("--score-layers belongs to the published rules"))
    let square = try Program.run(Program.modeltree, run + ["--distance", "mother-ft"])
    #expect(square.status == 65)
    #expect(square.stderr.contains("no two models share any"), "\(square.stderr)")
    let lora = "\(Program.root)/zoo/lora"
    let unknown = try Program.run(
      Program.modeltree,
      ["recover", lora, "--out", scratch.at("lora"), "--distance", "mother-ft", "--score-layers", "banana"])
    #expect(unknown.status == 65)
    #expect(unknown.stderr.contains("'banana'"), "\(unknown.stderr)")
  }
}

@Suite struct RankTests {
  private struct Tree: Decodable {
    struct Link: Decodable {
      var source: String
      var target: String
      var relation: String
      var rank: Int?
      var rank_evidence: String?
    }
    var links: [Link]
  }

  @Test(arguments: [("f32", "exact", 3), ("bf16", "estimated", 1)])
  func ranksOfMergesAreNumpysOrSaidToBeEstimates(type: String, mode: String, workers: Int) throws {
    let seed = Int.random(in: 0..<1_000_000)
    let scratch = try TemporaryFolder()
    let made = try Program.oracle("make_ranks", [scratch.at("models"), "\(seed)"])
    #expect(made.status == 0, "\(made.stderr)")
    let models = scratch.at("models/\(type)")
    let run = scratch.at("run")
    let recovered = try Program.run(
      Program.modeltree,
      ["recover", models, "--out", run, "--distance", "lora", "--workers", "\(workers)"])
    #expect(recovered.status == 0, "\(recovered.stderr)")
    let checked = try Program.oracle("check_ranks", [run, models, "\(models).json", mode])
    #expect(checked.status == 0, "seed \(seed): \(checked.stdout)\(checked.stderr)")
    guard mode == "exact" else { return }
    let tree = try JSONDecoder().decode(Tree.self, from: Data(contentsOf: URL(fileURLWithPath: "\(run)/tree.json")))
    // Between the two ends of a path the ranks add up; whatever the tree, an edge tells its rank.
    let steps = ["path0": 1, "path1": 5, "path2": 17]
    for link in tree.links where steps[link.target] != nil && link.source == Self.above(link.target) {
      #expect(link.relation == "lora" && link.rank == steps[link.target], "\(link), seed \(seed)")
      #expect(link.rank_evidence == "exact")
    }
    #expect(tree.links.contains { $0.source == "full" || $0.target == "full" })
    for link in tree.links where link.source == "full" || link.target == "full" {
      #expect(link.relation == "finetune", "\(link), seed \(seed)")
    }
  }

  private static func above(_ step: String) -> String {
    ["path0": "root", "path1": "path0", "path2": "path1"][step] ?? ""
  }
}
