import Foundation
import TestPrograms
import TestSupport
import Testing

/// Whole walks of people who use the program, command by command.
@Suite struct WalkTests {
  private let zoo = "\(Program.root)/zoo/mixed"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func modeltree(_ words: String...) throws -> String {
    let output = try Program.run(Program.modeltree, words)
    #expect(output.status == 0, "\(words.joined(separator: " ")): \(output.stderr)")
    return output.stdout
  }

  /// A provenance officer: is this declared base true, and what can be put before a lawyer?
  @Test func theOfficer() throws {
    let run = folder.at("run")
    let hints = try folder.write(
      """
      id,base_model,license
      m-2b0d,,cc-by-nc-4.0
      m-552a,m-d830,apache-2.0
      m-b4a6,m-2b0d,cc-by-nc-4.0

      """, to: "hints.csv")
    let tree = try modeltree("recover", zoo, "--out", run, "--hashes", "--hints", hints)
    #expect(tree.hasPrefix("9 models: 1 family (root m-2b0d), 1 related to no other\n"))
    #expect(tree.contains("contradicted: m-552a declares m-d830, found under m-2b0d"))

    let why = try modeltree("why", run, "m-552a", "--instead", "m-d830")
    #expect(why.contains("declared base m-d830: CONTRADICTED by the weights"))
    #expect(why.contains("Not m-d830: it is not related to m-552a."))
    let other = try modeltree("why", run, "m-552a", "--instead", "m-b4a6")
    #expect(other.contains("The best tree with m-b4a6 as the parent of m-552a costs"))
    let itself = try Program.run(Program.modeltree, ["why", run, "m-552a", "--instead", "m-552a"])
    #expect(itself.status == 64)

    let report = try modeltree("report", run, "m-552a", "m-b4a6")
    for text in [
      "m-552a was ", "contradicted by the weights", "How often such edges are right", "forbids commercial use",
      "What was compared",
    ] { #expect(report.contains(text), "\(text)") }
    #expect(report.matches(of: #/[0-9a-f]{64}/#).count >= 2, "files are named by their hashes")
    #expect(!report.contains("<script") && !report.contains("://"))

    #expect(try modeltree("tree", run, "--format", "csv").contains(",m-d830,contradicts"))
    #expect(try modeltree("tree", run, "--format", "modelcard").contains("# declared base m-d830: CONTRADICTED"))
    #expect(try modeltree("tree", run, "--format", "cyclonedx").contains("\"pedigree\""))
    #expect(try modeltree("compare", "\(zoo)/m-2b0d", "\(zoo)/m-552a", "--format", "html").contains("related"))
    #expect(try modeltree("verify", run, "--hashes").contains("SHA-256"))
  }

  /// An operator: a plan that can be relied on, a coordinator that dies, a disk that fills up, a batch with a bad job.
  @Test(.enabled(if: SmallDisk.isAllowed, Comment(rawValue: SmallDisk.missing)))
  func theOperator() throws {
    let models = try folder.makeFamily(tensors: 40)
    struct Plan: Decodable {
      struct Disk: Decodable { var journal, log, results, rest: Int }
      var disk: Disk
    }
    let disk = try JSONDecoder().decode(Plan.self, from: Data(modeltree("plan", models, "--json").utf8)).disk
    let kilobytes = (disk.journal + disk.log + disk.results + disk.rest) / 1000 + 64

    // A disk of just the size that the plan asks for.
    let small = try SmallDisk(folder.at("disk"), kilobytes: kilobytes)
    let run = "\(small.path)/run"
    let first = try Cluster(models: models, run: run)
    let meddler = try Meddler(first.endpoint, ["--pass", "10"])
    let worker = try first.worker(at: meddler.endpoint)
    #expect(meddler.waitForAnswers(10))
    #expect(eventually { shardsDone(run) > 0 })
    #expect(try eventually { try modeltree("status", run).contains("comparing") })

    // The coordinator dies; its worker says so, and waits.
    first.coordinator.end()
    #expect(try modeltree("status", run).contains("stopped"))
    #expect(worker.waitForError("no word from the coordinator"), "\(worker.stderr)")
    #expect(worker.stderr.contains(meddler.endpoint) && worker.isRunning)

    // The next one takes the worker over, meets a full disk, and says which file.
    let second = try Cluster(models: models, run: run, listen: first.endpoint)
    #expect(second.coordinator.waitForError("shards were finished before"), "\(second.coordinator.stderr)")
    try Program.run("/bin/dd", ["if=/dev/zero", "of=\(small.path)/filler", "bs=4k"])
    meddler.release()
    #expect(second.coordinator.wait() == 73, "\(second.coordinator.stderr)")
    #expect(second.coordinator.stderr.contains("'\(run)"), "\(second.coordinator.stderr)")
    worker.end()
    try FileManager.default.removeItem(atPath: "\(small.path)/filler")
    #expect(try modeltree("resume", run).hasPrefix("4 models: 1 family"))
    #expect(try results(run) == folder.undisturbed(models))
    #expect(try FileManager.default.contentsOfDirectory(atPath: run).allSatisfy { !$0.contains("writing") })

    // A batch with a job that cannot begin: the others have their trees, and it is not forgotten.
    let jobs = try folder.write("jobs: [models, gone]\nout: runs\n", to: "jobs.yaml")
    let batch = try Program.run(Program.modeltree, ["batch", jobs])
    #expect(batch.status == 65 && batch.stdout.contains("models: 4 models, 1 family"), "\(batch.stderr)")
    let status = try modeltree("status", folder.at("runs"))
    #expect(status.contains("1 of 2 finished, 1 failed") && status.contains("gone: "), "\(status)")
    #expect(try modeltree("tree", folder.at("runs/models")).hasPrefix("4 models: 1 family"))
  }

  /// A newcomer: mistakes of the first ten minutes get a word of advice and leave nothing behind.
  @Test func theNewcomer() throws {
    let missing = try Program.run(Program.modeltree, ["recover", "meta-llama/Llama-3-8B", "--out", folder.at("run")])
    #expect(missing.status == 65 && missing.stderr.contains("hf download meta-llama/Llama-3-8B"), "\(missing.stderr)")
    #expect(!FileManager.default.fileExists(atPath: folder.at("run")), "nothing was found, nothing is left")
    let tree = try Program.run(Program.modeltree, ["tree", folder.at("run")])
    #expect(tree.status == 65 && tree.stderr.contains("--out") && !tree.stderr.contains("resume"), "\(tree.stderr)")

    // Beside the models, twice: what the first run left is no model of the second.
    try FileManager.default.copyItem(atPath: zoo, toPath: folder.at("models"))
    for _ in 0..<2 {
      let again = try modeltree("recover", folder.at("models"), "--out", folder.at("models/run"))
      #expect(again.hasPrefix("9 models: "), "\(again.prefix(200))")
    }
    #expect(try modeltree("why", folder.at("models/run"), "models/m-552a/").hasPrefix("m-552a is under m-2b0d"))
  }
}
