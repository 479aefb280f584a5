import Foundation
import TestPrograms
import TestSupport
import Testing

/// Faults done to real processes: no finished shard is lost, and no bit is wrong.
@Suite struct FaultTests {
  private let scratch: TemporaryFolder
  private let models: String
  private var run: String { scratch.at("run") }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily(tensors: 40)
  }

  private func resume(_ options: String...) throws -> Program.Output {
    try Program.run(Program.modeltree, ["resume", run] + options)
  }

  @Test func aWorkerThatWasStoppedAndGoesOnDoesNoHarm() throws {
    // One worker cannot agree with itself, so the run is not over before the second comes.
    let lapse = try TimeLapse(in: scratch)
    let cluster = try Cluster(models: models, run: run, ["--verify", "1"], environment: lapse.environment)
    let sleeper = try cluster.worker()
    #expect(cluster.waitForLog("joined"))
    sleeper.send(SIGSTOP)
    #expect(try lapse.pass { cluster.log.contains("fell silent") })
    sleeper.send(SIGCONT)
    #expect(cluster.waitForLog("joined", times: 2), "it came back by itself")
    let other = try cluster.worker()
    cluster.finish()
    #expect(sleeper.leave() == 0 && other.leave() == 0)
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func aKilledWorkerIsMissedByItsConnectionLongBeforeItsSilence() throws {
    let cluster = try Cluster(models: models, run: run, ["--verify", "1", "--worker-timeout", "600"])
    let victim = try cluster.worker()
    #expect(cluster.waitForLog("joined"))
    victim.send(SIGKILL)
    #expect(cluster.waitForLog("a worker's connection is gone"))
    #expect(!cluster.log.contains("fell silent"))
    _ = victim.wait()
    let others = try (0..<2).map { _ in try cluster.worker() }
    cluster.finish()
    for worker in others { #expect(worker.leave() == 0) }
  }

  @Test func workersWaitForACoordinatorThatWasKilledAndGoOnByThemselves() throws {
    let first = try Cluster(models: models, run: run)
    let meddler = try Meddler(first.endpoint, ["--pass", "15"])
    let workers = try (0..<2).map { _ in try first.worker(at: meddler.endpoint) }
    #expect(eventually { shardsDone(run) == 15 })
    first.coordinator.end()
    let second = try Cluster(["resume", run], run: run, listen: first.endpoint)
    meddler.release()
    #expect(second.coordinator.stderr.contains("resuming: "), "\(second.coordinator.stderr)")
    second.finish()
    for worker in workers { #expect(worker.leave() == 0, "\(worker.stderr)") }
    #expect(try results(run) == scratch.undisturbed(models))
    // What was computed and not yet durable is computed again, and no more than that.
    let kept = try #require(second.coordinator.stderr.firstMatch(of: /resuming: (\d+) of 40/))
    #expect(kept.1 == "15")
    print("a killed coordinator: \(kept.1) of 40 shards kept, \(meddler.answers - 40) computed twice")
  }

  @Test func answersThatComeTwiceAndInAnyOrderCountOnce() throws {
    let cluster = try Cluster(models: models, run: run)
    let meddler = try Meddler(cluster.endpoint, ["--duplicate", "0.5", "--reorder", "0.5", "--seed", "7"])
    let workers = try (0..<3).map { _ in try cluster.worker(at: meddler.endpoint) }
    cluster.finish()
    for worker in workers { #expect(worker.leave() == 0, "\(worker.stderr)") }
    #expect(cluster.log.contains("a second answer"))
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func aShardThatKillsItsWorkersIsSetAsideAndTheRestGoesOn() throws {
    let cluster = try Cluster(models: models, run: run)
    let meddler = try Meddler(cluster.endpoint, ["--kill-on", "7"])
    // One after the other: what is lent before a death is noticed is nobody's promise.
    var deaths = 0
    repeat {
      let worker = try cluster.worker(at: meddler.endpoint)
      #expect(eventually { !worker.isRunning || !cluster.coordinator.isRunning })
      guard worker.leave() == 128 + SIGKILL else { break }
      deaths += 1
      #expect(
        eventually {
          !cluster.coordinator.isRunning
            || cluster.log.components(separatedBy: "a worker's connection is gone").count > deaths
        })
    } while cluster.coordinator.isRunning && deaths < 20
    #expect(cluster.coordinator.wait() == 75)
    let said = cluster.coordinator.stderr
    #expect(said.contains("1 of 40 shards could not be computed"), "\(said)")
    #expect(said.contains("shard 7 of tensor 'layers.15.weight' (in '\(models)/child0/model.safetensors'"), "\(said)")
    #expect(said.contains("attempt 3: "), "\(said)")
    #expect(deaths == 3, "\(said)\n\(cluster.log)")
    #expect(!FileManager.default.fileExists(atPath: "\(run)/tree.json"))
    let resumed = try resume()
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(resumed.stderr.contains("resuming: 39 of 40"))
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test(arguments: [
    ("--poison", "a squared distance of nan"), ("--cut", "a partial of"), ("--damage", "damaged on the way"),
  ])
  func sumsThatCannotBeAreThrownOutWithWhoSentThem(_ way: String, _ reason: String) throws {
    let cluster = try Cluster(models: models, run: run)
    let meddler = try Meddler(cluster.endpoint, [way])
    let victim = try cluster.worker(at: meddler.endpoint)
    #expect(victim.wait() == 64)
    #expect(victim.stderr.contains("refuses this worker"), "\(victim.stderr)")
    #expect(cluster.log.contains("threw a peer out") && cluster.log.contains(reason), "\(cluster.log)")
    let honest = try cluster.worker()
    cluster.finish()
    #expect(honest.wait() == 0)
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func aLiarIsFoundOutWhenShardsAreComputedTwice() throws {
    let cluster = try Cluster(models: models, run: run, ["--verify", "1"])
    // A dispute goes to a worker that was not asked before and has shown that it computes. So both honest ones
    // have answered once when the liar comes, and go on when it has lied.
    let both = try Meddler(cluster.endpoint, ["--pass-each", "1"])
    let honest = try (0..<2).map { _ in try cluster.worker(at: both.endpoint) }
    #expect(eventually { honest.allSatisfy { (answersRead(run)[Int($0.pid)] ?? 0) > 0 } })
    let meddler = try Meddler(cluster.endpoint, ["--lie"])
    let liar = try cluster.worker(at: meddler.endpoint)
    #expect(eventually { (answersRead(run)[Int(liar.pid)] ?? 0) > 0 })
    both.release()
    cluster.finish()
    for worker in honest + [liar] { #expect(worker.leave() == 0, "\(worker.stderr)") }
    let said = cluster.coordinator.stderr
    #expect(said.contains("other sums than two workers agree on"), "\(said)")
    #expect(said.contains(":\(liar.pid)"), "\(said)")
    for worker in honest { #expect(!said.contains(":\(worker.pid)")) }
    let record = try String(contentsOfFile: "\(run)/run.json", encoding: .utf8)
    #expect(record.contains(":\(liar.pid)"))
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func withOwnWorkersEveryShardCanBeComputedTwice() throws {
    let checked = try Program.run(
      Program.modeltree, ["recover", models, "--out", run, "--verify", "1", "--workers", "2"])
    #expect(checked.status == 0, "\(checked.stderr)")
    #expect(try results(run) == scratch.undisturbed(models))
    let alone = try Program.run(
      Program.modeltree, ["recover", models, "--out", scratch.at("x"), "--verify", "0.1", "--workers", "1"])
    #expect(alone.status == 64)
    #expect(alone.stderr.contains("--workers 2"))
  }

  @Test func aSourceThatIsCutOffInMidRunIsNamedAndNothingOfItIsKept() throws {
    let file = "\(models)/child1/model.safetensors"
    let whole = scratch.at("whole")
    try Program.run("/bin/cp", ["-p", file, whole])
    // Half of the shards wait for a second opinion when the first worker is through.
    let cluster = try Cluster(models: models, run: run, ["--verify", "0.5"])
    let meddler = try Meddler(cluster.endpoint, [])
    let first = try cluster.worker(at: meddler.endpoint)
    #expect(meddler.waitForAnswers(40))
    truncate(file, 40_000)
    let second = try cluster.worker()
    #expect(cluster.coordinator.wait() == 75)
    let said = cluster.coordinator.stderr
    #expect(said.contains("child1/model.safetensors' has changed since the import: it is 40000 bytes long"), "\(said)")
    #expect(first.leave() == 0 && second.leave() == 0)
    let refused = try resume()
    #expect(refused.status != 0)
    #expect(refused.stderr.contains("child1/model.safetensors"), "\(refused.stderr)")
    try Program.run("/bin/cp", ["-p", whole, file])
    let resumed = try resume()
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(resumed.stderr.contains("resuming: "))
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func aSourceThatIsChangedInMidRunSpoilsTheRunAndIsNamed() throws {
    let cluster = try Cluster(models: models, run: run)
    let meddler = try Meddler(cluster.endpoint, ["--pass", "5"])
    let worker = try cluster.worker(at: meddler.endpoint)
    #expect(meddler.waitForAnswers(5))
    // In place and of the same length: who has the file open notices nothing.
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(models)/child1/model.safetensors"))
    try file.seek(toOffset: 60_000)
    try file.write(contentsOf: Data(repeating: 1, count: 100))
    try file.close()
    meddler.release()
    #expect(cluster.coordinator.wait() == 65)
    #expect(
      cluster.coordinator.stderr.contains("child1/model.safetensors' has changed"), "\(cluster.coordinator.stderr)")
    #expect(!FileManager.default.fileExists(atPath: "\(run)/tree.json"))
    worker.end()
    let again = try resume()
    #expect(again.status == 73)
    #expect(again.stderr.contains("model 'child1'"), "\(again.stderr)")
  }

  @Test func aSourceThatGoesInMidRunIsNamed() throws {
    let file = "\(models)/child1/model.safetensors"
    let cluster = try Cluster(models: models, run: run)
    try FileManager.default.moveItem(atPath: file, toPath: scratch.at("away"))
    let worker = try cluster.worker()
    #expect(cluster.coordinator.wait() == 75)
    #expect(cluster.coordinator.stderr.contains("child1/model.safetensors' are gone"), "\(cluster.coordinator.stderr)")
    #expect(worker.wait() == 0)
    try FileManager.default.moveItem(atPath: scratch.at("away"), toPath: file)
    #expect(try resume().status == 0)
    #expect(try results(run) == scratch.undisturbed(models))
  }

  /// Whoever has the file open notices nothing: only the check at the end does.
  @Test func aSourceThatIsRemovedWhileItIsReadIsMissedAtTheEndAndTheRunResumes() throws {
    let file = "\(models)/child1/model.safetensors"
    let cluster = try Cluster(models: models, run: run)
    let meddler = try Meddler(cluster.endpoint, ["--pass", "5"])
    let worker = try cluster.worker(at: meddler.endpoint)
    #expect(meddler.waitForAnswers(5))
    try FileManager.default.moveItem(atPath: file, toPath: scratch.at("away"))
    meddler.release()
    #expect(cluster.coordinator.wait() == 75, "\(cluster.coordinator.stderr)")
    #expect(cluster.coordinator.stderr.contains("child1/model.safetensors"), "\(cluster.coordinator.stderr)")
    #expect(!FileManager.default.fileExists(atPath: "\(run)/tree.json"))
    worker.end()
    try FileManager.default.moveItem(atPath: scratch.at("away"), toPath: file)
    let resumed = try resume()
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(try results(run) == scratch.undisturbed(models))
  }
}
