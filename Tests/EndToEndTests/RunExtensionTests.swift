import Foundation
import TestPrograms
import TestSupport
import Testing

/// A run directory that gets more models, or fewer, keeps what it can and ends with the bits of a run
/// from scratch.
@Suite struct RunExtensionTests {
  private let scratch: TemporaryFolder
  private let run: String

  init() throws {
    scratch = try TemporaryFolder()
    run = scratch.at("run")
    // Two architectures: no tensor of one is in the other.
    _ = try scratch.makeFamily(children: 3, tensors: 6)
    try make("other", parent: nil, seed: 50)
    try make("heir", parent: "other", seed: 51)
  }

  private func make(_ name: String, parent: String?, seed: Int) throws {
    try Recipe.make([
      Recipe(
        folder: scratch.at("models/\(name)"), seed: seed,
        parent: parent.map { scratch.at("models/\($0)") }, tensors: 5, shape: [40, 24])
    ])
  }

  private func recover(_ names: [String], environment: [String: String] = [:]) throws -> Program.Output {
    let models = names.map { scratch.at("models/\($0)") }
    let output = try Program.run(
      Program.modeltree, ["recover"] + models + ["--out", run], environment: environment)
    #expect(output.status == 0, "\(output.stderr)")
    return output
  }

  private func fromScratch(_ names: [String]) throws -> [Data] {
    let other = scratch.at("scratch-\(UUID().uuidString)")
    let models = names.map { scratch.at("models/\($0)") }
    let output = try Program.run(Program.modeltree, ["recover"] + models + ["--out", other])
    #expect(output.status == 0, "\(output.stderr)")
    return try results(other)
  }

  /// A worker that cannot be: a run that asks for one fails.
  private let noWorkers = ["MODELTREE_WORKER": "/bin/false"]

  @Test func modelsOfAnotherKindCostOnlyTheirOwnBytes() throws {
    let first = ["child0", "child1", "child2", "root"]
    _ = try recover(first)
    let grown = try recover(["child0", "child1", "child2", "heir", "other", "root"])
    #expect(grown.stderr.contains("2 added and 0 removed: 6 of 11 shards are kept"), "\(grown.stderr)")
    #expect(try results(run) == fromScratch(["child0", "child1", "child2", "heir", "other", "root"]))
    let record = try String(contentsOfFile: "\(run)/run.json", encoding: .utf8)
    #expect(record.contains("\"bytes_read\" : 38400"), "\(record)")
  }

  @Test func oneMoreOfTheSameKindReadsThatKindAgainAndNoOther() throws {
    _ = try recover(["child0", "child1", "heir", "other", "root"])
    let grown = try recover(["child0", "child1", "child2", "heir", "other", "root"])
    #expect(grown.stderr.contains("1 added and 0 removed: 5 of 11 shards are kept"), "\(grown.stderr)")
    #expect(try results(run) == fromScratch(["child0", "child1", "child2", "heir", "other", "root"]))
  }

  @Test func fewerModelsAreSolvedAgainAndNothingIsRead() throws {
    _ = try recover(["child0", "child1", "child2", "heir", "other", "root"])
    let fewer = ["child0", "child2", "heir", "other", "root"]
    let shrunk = try recover(fewer, environment: noWorkers)
    #expect(shrunk.stderr.contains("0 added and 1 removed: 11 of 11 shards are kept"), "\(shrunk.stderr)")
    #expect(try results(run) == fromScratch(fewer))
    // And once more, as the same run.
    let again = try recover(fewer, environment: noWorkers)
    #expect(again.stderr.contains("no weight is read again"), "\(again.stderr)")
  }

  @Test func anUnfinishedRunKeepsWhatItHas() throws {
    let models = ["child0", "child1", "child2", "root"]
    let cluster = try Cluster(
      ["coordinate"] + models.map { scratch.at("models/\($0)") } + ["--out", run], run: run)
    let meddler = try Meddler(cluster.endpoint, ["--pass", "2"])
    let worker = try cluster.worker(at: meddler.endpoint)
    #expect(meddler.waitForAnswers(2))
    cluster.coordinator.end()
    worker.end()
    let fewer = ["child0", "child2", "root"]
    let shrunk = try recover(fewer)
    #expect(shrunk.stderr.contains("1 removed: "), "\(shrunk.stderr)")
    #expect(try results(run) == fromScratch(fewer))
  }

  @Test func anotherOrderIsComputedAnew() throws {
    _ = try recover(["child0", "child1", "root"])
    let turned = try recover(["root", "child1", "child0"])
    #expect(turned.stderr.contains("0 of 6 shards are kept"), "\(turned.stderr)")
    #expect(try results(run) == fromScratch(["root", "child1", "child0"]))
  }

  @Test func aRunWithNoModelInCommonIsAnotherRun() throws {
    _ = try recover(["child0", "root"])
    let output = try Program.run(
      Program.modeltree,
      ["recover", scratch.at("models/other"), scratch.at("models/heir"), "--out", run])
    #expect(output.status == 73)
    #expect(output.stderr.contains("holds another run"), "\(output.stderr)")
  }
}
