import Foundation
import TestPrograms
import TestSupport
import Testing

/// The result is a function of the weights: not of workers, memory, deaths or restarts.
@Suite struct SameBitsTests {
  /// Everything that must not differ between two runs.
  private func fingerprint(_ run: String) throws -> [Data] {
    try ["results.h5", "tree.json", "tree.nwk", "tree.dot", "tree.graphml", "tree.mmd", "edges.csv"].map {
      try Data(contentsOf: URL(fileURLWithPath: "\(run)/\($0)"))
    }
  }

  private func recover(_ models: String, _ run: String, _ extra: [String] = []) throws {
    let output = try Program.run(Program.modeltree, ["recover", models, "--out", run] + extra)
    #expect(output.status == 0, "\(output.stderr)")
  }

  @Test func workersAndMemoryDoNotMatter() throws {
    let scratch = try TemporaryFolder()
    let models = "\(Program.root)/zoo/full-finetune"
    try recover(models, scratch.at("a"), ["--workers", "1", "--memory", "1GB"])
    try recover(models, scratch.at("b"), ["--workers", "3", "--memory", "6MB"])
    #expect(try fingerprint(scratch.at("a")) == fingerprint(scratch.at("b")))
  }

  /// Of a worker: shards are then computed side by side, and come back in another order.
  @Test func threadsDoNotMatter() throws {
    let scratch = try TemporaryFolder()
    let models = "\(Program.root)/zoo/mixed"
    try recover(models, scratch.at("embedded"), ["--workers", "2"])
    for threads in 1...3 {
      let run = scratch.at("run\(threads)")
      let coordinator = try Running(
        Program.modeltree, ["coordinate", models, "--out", run, "--listen", "tcp://127.0.0.1:*"])
      #expect(coordinator.waitForError("listening on tcp://127.0.0.1:"))
      let endpoint = try #require(coordinator.stderr.firstMatch(of: /--connect (tcp:\S+)/)).1
      let worker = try Running(Program.worker, ["--connect", String(endpoint), "--threads", "\(threads)"])
      #expect(coordinator.wait() == 0, "\(coordinator.stderr)")
      #expect(worker.leave() == 0, "\(worker.stderr)")
      #expect(try fingerprint(scratch.at("embedded")) == fingerprint(run), "\(threads) threads")
    }
  }

  @Test func storesGiveTheSameAsTheFilesTheyCameFrom() throws {
    let scratch = try TemporaryFolder()
    let models = "\(Program.root)/zoo/lora"
    try recover(models, scratch.at("a"))
    for mode in [[], ["--copy"]] {
      let name = mode.isEmpty ? "external" : "copied"
      let imported = try Program.run(
        Program.modeltree, ["import", models, "--store", scratch.at(name)] + mode)
      #expect(imported.status == 0, "\(imported.stderr)")
      try recover(scratch.at(name), scratch.at("run-\(name)"))
      let results = try ["a", "run-\(name)"].map {
        try Data(contentsOf: URL(fileURLWithPath: scratch.at("\($0)/results.h5")))
      }
      #expect(results[0] == results[1])
    }
  }

  @Test func aClusterWithAWorkerKilledInMidShardGivesTheSameBits() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(children: 7, tensors: 300, shape: [256, 256])
    try recover(models, scratch.at("embedded"))
    let run = scratch.at("cluster")
    let coordinator = try Running(
      Program.modeltree, ["coordinate", models, "--out", run, "--listen", "tcp://127.0.0.1:*"])
    #expect(coordinator.waitForError("listening on tcp://127.0.0.1:"))
    let endpoint = try #require(coordinator.stderr.firstMatch(of: /--connect (tcp:\S+)/)).1
    // Killed as soon as it has joined and been given shards, each of which takes it seconds.
    let victim = try Running(
      Program.worker, ["--connect", String(endpoint), "--threads", "1", "--max-read", "100kB/s"])
    #expect(
      eventually { (try? String(contentsOfFile: "\(run)/run.log", encoding: .utf8))?.contains("joined") ?? false })
    victim.send(SIGKILL)
    let helper = try Running(Program.worker, ["--connect", String(endpoint), "--threads", "1"])
    #expect(victim.wait() == 128 + SIGKILL)
    #expect(coordinator.wait() == 0, "\(coordinator.stderr)")
    #expect(helper.leave() == 0, "\(helper.stderr)")
    #expect(try fingerprint(scratch.at("embedded")) == fingerprint(run))
  }

  @Test func aWorkerThatHoldsShardsAndFallsSilentIsReplaced() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(children: 7, tensors: 150, shape: [256, 256])
    try recover(models, scratch.at("embedded"))
    let run = scratch.at("cluster")
    let lapse = try TimeLapse(in: scratch)
    let cluster = try Cluster(models: models, run: run, environment: lapse.environment)
    // A shard takes it seconds, so that it is not through with all of them before it is stopped.
    let silent = try Running(
      Program.worker, ["--connect", cluster.endpoint, "--threads", "4", "--max-read", "100kB/s"])
    #expect(cluster.waitForLog("joined"))
    silent.send(SIGSTOP)
    #expect(try lapse.pass { cluster.log.contains("fell silent") })
    let helper = try cluster.worker()
    cluster.finish()
    #expect(helper.leave() == 0)
    silent.end()
    #expect(try fingerprint(scratch.at("embedded")) == fingerprint(run))
  }

  @Test func aKilledCoordinatorGoesOnWhereItStopped() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(children: 7, tensors: 150, shape: [256, 256])
    try recover(models, scratch.at("undisturbed"))
    // Killed as soon as the journal has grown beyond its empty form; a run that was faster than the
    // kill proves nothing, and another one is started.
    let runs = (0..<50).lazy.map { scratch.at("run\($0)") }
    let run = try #require(try runs.first { try killedInMidRun(models, $0) })
    let resumed = try Program.run(Program.modeltree, ["resume", run])
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(resumed.stderr.contains("resuming: "), "\(resumed.stderr)")
    #expect(try fingerprint(scratch.at("undisturbed")) == fingerprint(run))
  }

  /// - Returns: whether some shards, but not all, were durable when the coordinator died.
  private func killedInMidRun(_ models: String, _ run: String) throws -> Bool {
    let first = try Running(Program.modeltree, ["recover", models, "--out", run, "--workers", "1"])
    #expect(
      eventually {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(run)/journal.sqlite-wal")
        return (attributes?[.size] as? Int ?? 0) > 400_000 || !first.isRunning
      })
    first.send(SIGKILL)
    _ = first.wait()
    let status = try Program.run(Program.modeltree, ["status", run]).stdout
    let counts = try #require(status.firstMatch(of: /shards +(\d+) of (\d+)/))
    return counts.1 != "0" && counts.1 != counts.2
  }
}
