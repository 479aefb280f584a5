import Foundation
import TestPrograms
import TestSupport
import Testing

/// Two models, one answer; and whether the files of a run are still the same.
@Suite struct CompareTests {
  private struct Verdict: Decodable {
    struct Model: Decodable {
      struct File: Decodable { var sha256: String? }
      var id: String
      var parameters: Int
      var compared: Int
      var files: [File]
    }
    var kinship: String
    var models: [Model]
    var ratio: Double?
    var parent: String?
    var relation: String?
  }

  private struct Truth: Decodable {
    struct Model: Decodable {
      var id: String
      var parent: String?
    }
    var models: [Model]
  }

  private let zoo = "\(Program.root)/zoo/full-finetune"

  private func compare(_ a: String, _ b: String, _ extra: [String] = []) throws -> (Verdict, String) {
    let output = try Program.run(Program.modeltree, ["compare", a, b, "--format", "json"] + extra)
    #expect(output.status == 0, "\(output.stderr)")
    return (try JSONDecoder().decode(Verdict.self, from: Data(output.stdout.utf8)), output.stderr)
  }

  private func truth() throws -> [Truth.Model] {
    try JSONDecoder().decode(Truth.self, from: Data(contentsOf: URL(fileURLWithPath: "\(zoo)/truth.json"))).models
  }

  /// Parents and children.
  private func edges() throws -> [[String]] { try truth().compactMap { model in model.parent.map { [$0, model.id] } } }

  @Test func parentAndChildAreRelatedWhicheverComesFirst() throws {
    for edge in try edges().prefix(3) {
      for (a, b) in [(edge[0], edge[1]), (edge[1], edge[0])] {
        let (verdict, errors) = try compare("\(zoo)/\(a)", "\(zoo)/\(b)")
        #expect(verdict.kinship == "related" && verdict.parent == edge[0] && verdict.relation == "finetune")
        #expect(verdict.models.map(\.id) == [a, b])
        #expect(verdict.models.allSatisfy { $0.compared == $0.parameters && $0.files.allSatisfy { $0.sha256 == nil } })
        #expect(errors.isEmpty, "what is said belongs to the answer")
      }
    }
  }

  @Test func rootsOfDifferentFamiliesAreNotRelated() throws {
    let roots = try truth().filter { $0.parent == nil }.map(\.id)
    let (verdict, _) = try compare("\(zoo)/\(roots[0])", "\(zoo)/\(roots[1])", ["--hashes"])
    #expect(verdict.kinship == "unrelated" && verdict.parent == nil)
    #expect(abs((verdict.ratio ?? 0) - 1) < 0.03)
    for model in verdict.models { #expect(model.files.allSatisfy { $0.sha256?.count == 64 }) }
  }

  @Test func jsonBesideAnotherFormatIsRefused() throws {
    let edge = try edges()[0]
    for arguments in [
      ["compare", "\(zoo)/\(edge[0])", "\(zoo)/\(edge[1])", "--format", "html"], ["tree", "run", "--format", "svg"],
    ] {
      let output = try Program.run(Program.modeltree, arguments + ["--json"])
      #expect(output.status == 64 && output.stderr.contains("--format asks for another"), "\(output.stderr)")
    }
  }

  @Test func aFolderOfModelsIsRefusedWithAdvice() throws {
    let output = try Program.run(Program.modeltree, ["compare", zoo, "\(zoo)/\(try edges()[0][0])"])
    #expect(output.status == 64 && output.stderr.contains("takes one at a time"), "\(output.stderr)")
  }

  @Test func aModelAndItselfAreRefused() throws {
    let path = "\(zoo)/\(try edges()[0][0])"
    let output = try Program.run(Program.modeltree, ["compare", path, path])
    #expect(output.status == 64 && output.stderr.contains("the same model"), "\(output.stderr)")
  }

  @Test func aPageIsWrittenWithoutAnythingFromElsewhere() throws {
    let edge = try edges()[0]
    let output = try Program.run(
      Program.modeltree, ["compare", "\(zoo)/\(edge[0])", "\(zoo)/\(edge[1])", "--format", "html"])
    #expect(output.status == 0 && output.stdout.hasPrefix("<!doctype html>"))
    #expect(output.stdout.contains(edge[0]) && !output.stdout.contains("<script") && !output.stdout.contains("://"))
  }

  @Test func workersFromElsewhereGiveTheSameAnswer() throws {
    let edge = try edges()[0]
    let paths = ["\(zoo)/\(edge[0])", "\(zoo)/\(edge[1])"]
    let here = try Program.run(Program.modeltree, ["compare"] + paths + ["--json"])
    let scratch = try TemporaryFolder()
    let keys = scratch.at("keys")
    #expect(try Program.run(Program.modeltree, ["keygen", keys]).status == 0)
    let cluster = try Cluster(
      ["compare"] + paths, run: scratch.path, ["--keys", keys, "--folder", scratch.path, "--verify", "1", "--json"])
    let workers = try (0..<2).map { _ in try cluster.worker("--key", "\(keys)/worker.key") }
    cluster.finish()
    #expect(cluster.coordinator.stdout == here.stdout && !here.stdout.isEmpty)
    for worker in workers { #expect(worker.wait() == 0, "\(worker.stderr)") }
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(left == ["keys"], "what the comparison needed is removed")
  }

  @Test func workersOnOtherMachinesNeedAFolderThatTheySee() throws {
    let edge = try edges()[0]
    let output = try Program.run(
      Program.modeltree,
      ["compare", "\(zoo)/\(edge[0])", "\(zoo)/\(edge[1])", "--listen", "tcp://0.0.0.0:5999", "--insecure"])
    #expect(output.status == 64 && output.stderr.contains("--folder"), "\(output.stderr)")
  }

  @Test func aChangedFileIsFoundByItsHashAlone() throws {
    let changedModel = try edges()[0][1]
    let folder = try TemporaryFolder()
    let models = folder.at("models")
    try FileManager.default.copyItem(atPath: zoo, toPath: models)
    let run = folder.at("run")
    let recovered = try Program.run(Program.modeltree, ["recover", models, "--out", run, "--hashes"])
    #expect(recovered.status == 0, "\(recovered.stderr)")
    let sound = try Program.run(Program.modeltree, ["verify", run, "--hashes"])
    #expect(sound.status == 0 && sound.stdout.contains("by SHA-256"), "\(sound.stdout)\(sound.stderr)")

    // One bit of a weight, with size and time as they were.
    let path = "\(models)/\(changedModel)/model.safetensors"
    let time = try #require(
      try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count - 1] ^= 1
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.write(contentsOf: bytes)
    try handle.close()
    try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
    let changed = try Program.run(Program.modeltree, ["verify", run, "--hashes"])
    #expect(changed.status == 65 && changed.stdout.contains(changedModel), "\(changed.stdout)")

    try FileManager.default.removeItem(atPath: path)
    let gone = try Program.run(Program.modeltree, ["verify", run])
    #expect(gone.status == 65 && gone.stdout.contains("gone"), "\(gone.stdout)")
  }
}
