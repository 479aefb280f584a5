import Foundation
import TestPrograms
import TestSupport
import Testing

@Suite struct ShippedZooTests {
  struct Zoo: Sendable {
    let name: String
    let directed: Double
    let rand: Double
  }

  private struct Evaluation: Decodable {
    var directed_accuracy: Double
    var root_accuracy: Double
    var adjusted_rand_index: Double
  }

  private struct Record: Decodable {
    var bytes_read: Int
    var bytes_of_weights: Int
  }

  @Test(arguments: [
    Zoo(name: "full-finetune", directed: 1, rand: 1), Zoo(name: "lora", directed: 1, rand: 1),
    Zoo(name: "mixed", directed: 1, rand: 1),
  ])
  func treesComeOutRight(_ zoo: Zoo) throws {
    let scratch = try TemporaryFolder()
    let run = scratch.at("run")
    let models = "\(Program.root)/zoo/\(zoo.name)"
    let recovered = try Program.run(
      Program.modeltree, ["recover", models, "--out", run, "--truth", "\(models)/truth.json"])
    #expect(recovered.status == 0, "\(recovered.stderr)")
    #expect(recovered.stdout.contains("directed accuracy"))
    let evaluated = try Program.run(
      Program.modeltree, ["evaluate", run, "--truth", "\(models)/truth.json", "--json"])
    let found = try JSONDecoder().decode(Evaluation.self, from: Data(evaluated.stdout.utf8))
    #expect(found.directed_accuracy >= zoo.directed)
    #expect(found.root_accuracy == 1)
    #expect(found.adjusted_rand_index == zoo.rand)
    let record = try JSONDecoder().decode(
      Record.self, from: Data(contentsOf: URL(fileURLWithPath: "\(run)/run.json")))
    #expect(record.bytes_read == record.bytes_of_weights, "every weight is read once")
  }

  @Test(arguments: ["full-finetune", "lora"])
  func resultsAgreeWithNumpyScipyAndNetworkx(_ zoo: String) throws {
    let scratch = try TemporaryFolder()
    let run = scratch.at("run")
    let models = "\(Program.root)/zoo/\(zoo)"
    let recovered = try Program.run(Program.modeltree, ["recover", models, "--out", run])
    #expect(recovered.status == 0, "\(recovered.stderr)")
    let checked = try Program.oracle("check_run", [run, models])
    #expect(checked.status == 0, "\(checked.stdout)\(checked.stderr)")
  }

  @Test func wardWithTheTrueNumberFindsTheFamilies() throws {
    let scratch = try TemporaryFolder()
    let models = "\(Program.root)/zoo/full-finetune"
    let output = try Program.run(
      Program.modeltree,
      ["recover", models, "--out", scratch.at("run"), "--families", "3", "--truth", "\(models)/truth.json"])
    #expect(output.stdout.contains("families (ARI)       1.000"))
  }

  @Test func allZoosTogetherDoNotDisturbEachOther() throws {
    let scratch = try TemporaryFolder()
    let output = try Program.run(
      Program.modeltree, ["recover", "\(Program.root)/zoo", "--out", scratch.at("run")])
    #expect(output.status == 0, "\(output.stderr)")
    // 3 full-finetune trees, the LoRA tree, the mixed tree and its stranger.
    #expect(output.stdout.hasPrefix("52 models: 5 families "), "\(output.stdout.prefix(200))")
    #expect(output.stdout.contains(", 1 related to no other\n"), "\(output.stdout.prefix(200))")
  }
}
