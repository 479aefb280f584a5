import Foundation
import TestPrograms
import TestSupport
import Testing

/// What `plan` foretells, against what a run does.
@Suite struct PlanTests {
  private struct Plan: Decodable {
    struct Disk: Decodable {
      var journal, log, results, rest: Int
      var total: Int { journal + log + results + rest }
    }
    struct Model: Decodable { var id: String }
    var models: [Model]
    var shards: Int
    var bytes_to_read: Int
    var disk: Disk
  }

  private struct Record: Decodable {
    var shards: Int
    var bytes_of_weights: Int
  }

  /// Bytes of all files below a folder, and of the one of them.
  private func bytes(_ folder: String, _ name: String? = nil) -> Int {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return names.filter { name == nil || $0 == name }.reduce(0) {
      var status = stat()
      return stat("\(folder)/\($1)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? $0 + Int(status.st_size) : $0
    }
  }

  private func holds(_ models: String, _ run: String, _ options: [String] = []) throws {
    let output = try Program.run(Program.modeltree, ["plan", models, "--json"] + options)
    #expect(output.status == 0, "\(output.stderr)")
    let plan = try JSONDecoder().decode(Plan.self, from: Data(output.stdout.utf8))
    // The journal is looked at while it grows: it is never longer than at the end.
    let recovery = try Running(Program.modeltree, ["recover", models, "--out", run, "--quiet"] + options)
    var (most, log) = (0, 0)
    while recovery.isRunning {
      log = max(log, bytes(run, "journal.sqlite-wal"))
      most = max(most, bytes(run))
      usleep(2_000)
    }
    #expect(recovery.wait() == 0 && recovery.stderr.isEmpty, "\(recovery.stderr)")
    most = max(most, bytes(run))
    let record = try JSONDecoder().decode(Record.self, from: Data(contentsOf: URL(fileURLWithPath: "\(run)/run.json")))
    // Factors of adapters are read beside the shards.
    #expect(plan.shards == record.shards && plan.bytes_to_read <= record.bytes_of_weights)
    let (journal, results) = (bytes(run, "journal.sqlite"), bytes(run, "results.h5"))
    print("disk of \(models): journal \(journal) of \(plan.disk.journal), log \(log) of \(plan.disk.log),")
    print("  results \(results) of \(plan.disk.results), most \(most) of \(plan.disk.total)")
    #expect(journal <= plan.disk.journal && Double(plan.disk.journal) < 1.15 * Double(journal) + 4 * 65536)
    #expect(log <= plan.disk.log)
    #expect(results <= plan.disk.results && Double(plan.disk.results) < 1.5 * Double(results) + 65536)
    #expect(most <= plan.disk.total, "\(most) bytes, foretold were \(plan.disk.total)")
    let rest = bytes(run) - journal - results
    #expect(
      rest <= plan.disk.rest && plan.disk.rest < 4 * rest, "\(rest) bytes beside them, foretold \(plan.disk.rest)")
  }

  @Test(arguments: ["full-finetune", "lora", "mixed"])
  func theDiskThatARunTakesIsForetold(_ zoo: String) throws {
    let scratch = try TemporaryFolder()
    try holds("\(Program.root)/zoo/\(zoo)", scratch.at("run"))
  }

  @Test func theDiskOfALongerRunIsForetold() throws {
    let scratch = try TemporaryFolder()
    try holds(try scratch.makeFamily(children: 11, tensors: 60, shape: [256, 256]), scratch.at("run"))
  }

  @Test func ranksTakeDiskToo() throws {
    let scratch = try TemporaryFolder()
    try holds("\(Program.root)/zoo/lora", scratch.at("run"), ["--distance", "lora"])
  }
}
