import Foundation
import TestPrograms
import TestSupport
import Testing

/// The batch scripts of deploy/slurm on a cluster that is real but for its hosts.
@Suite(.enabled(if: VirtualSlurm.isInstalled, "needs slurmctld, slurmd and munge (Debian: slurm-wlm munge)"))
struct SlurmTests {
  private let scratch: TemporaryFolder
  private let models: String
  private let slurm: VirtualSlurm
  private var run: String { scratch.at("run") }
  private var beside: String { scratch.at("run.slurm") }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily(tensors: 40)
    slurm = try VirtualSlurm()
  }

  private func text(_ file: String) -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }

  /// Checks a finished job, its keys and its result.
  private func expectFinished(_ job: String, _ log: String) throws {
    #expect(slurm.waitFor(job, "COMPLETED"), "\(text(log))\n\(slurm.report)")
    #expect(text("\(beside)/coordinator") == "finished\n")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func oneAllocationWithAWorkerOnEachNode() throws {
    let log = scratch.at("log")
    // What 'modeltree recover' takes and a cluster has no use for is no obstacle.
    let job = try slurm.submit(
      "recover.sbatch", [models, "--out", run, "--workers", "2", "--memory=64MiB", "--verify", "1"], log: log,
      "--nodes=2")
    try expectFinished(job, log)
    let logs = try FileManager.default.contentsOfDirectory(atPath: beside).filter { $0.hasPrefix("worker-\(job)") }
    #expect(logs.count == 2, "one worker per node; with a single one --verify 1 would not end")
    for name in ["coordinator.key", "worker.key", "allowed-workers"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(beside)/keys/\(name)")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
    #expect(text(log).contains("--workers 2 is left out"))
  }

  @Test func aJobThatIsRequeuedInMidRunGoesOnWhereItWas() throws {
    let log = scratch.at("log")
    // One worker cannot agree with itself, so half of the shards wait for another.
    let job = try slurm.submit(
      "recover.sbatch", [models, "--out", run, "--verify", "0.5", "--redo"], log: log, "--nodes=1")
    #expect(eventually { shardsDone(run) > 10 }, "\(text(log))")
    try slurm.ask("scontrol", ["requeue", job])
    #expect(eventually { text(log).contains("resuming: ") }, "\(text(log))")
    let kept = try #require(text(log).firstMatch(of: /resuming: (\d+) of 40/))
    #expect(try #require(Int(kept.1)) > 10, "--redo holds for the first start alone")
    #expect(text(log).contains("modeltree resume"), "the coordinator was stopped, not killed")
    let worker = try slurm.submit(
      "workers.sbatch", [run], log: scratch.at("worker"), "--array=1", "--cpus-per-task=1")
    try expectFinished(job, log)
    #expect(slurm.waitFor(worker, "COMPLETED"), "\(text(scratch.at("worker")))")
  }

  @Test func aheadOfTheTimeLimitTheJobRequeuesItself() throws {
    let log = scratch.at("log")
    let job = try slurm.submit(
      "recover.sbatch", [models, "--out", run, "--verify", "0.5"], log: log, "--nodes=1", "--time=2",
      "--signal=B:USR1@55")
    #expect(eventually { text(log).contains("the time limit is near") }, "\(text(log))")
    #expect(eventually { text(log).contains("resuming: ") }, "\(text(log))")
    try slurm.ask("scontrol", ["update", "job=\(job)", "TimeLimit=10"])
    _ = try slurm.submit("workers.sbatch", [run], log: scratch.at("worker"), "--array=1", "--cpus-per-task=1")
    try expectFinished(job, log)
  }

  @Test func aCancelledJobStaysCancelledAndKeepsWhatIsDone() throws {
    let log = scratch.at("log")
    let job = try slurm.submit("recover.sbatch", [models, "--out", run, "--verify", "0.5"], log: log, "--nodes=1")
    #expect(eventually { shardsDone(run) > 10 }, "\(text(log))")
    try slurm.ask("scancel", [job])
    #expect(slurm.waitFor(job, "CANCELLED"))
    #expect(eventually { text("\(beside)/coordinator") == "stopped\n" })
    let again = try slurm.submit(
      "recover.sbatch", [models, "--out", run, "--verify", "0.5"], log: log, "--nodes=2")
    try expectFinished(again, log)
    #expect(text(log).contains("resuming: "))
  }

  @Test func workersComeLaterArePreemptedAndFollowTheCoordinator() throws {
    let log = scratch.at("log")
    let job = try slurm.submit(
      "recover.sbatch", ["--coordinator-only", models, "--out", run, "--verify", "1"], log: log,
      "--partition=urgent", "--oversubscribe", "--nodelist=n0")
    #expect(eventually { text("\(beside)/coordinator").hasPrefix("tcp://127.0.0.1:") }, "\(text(log))")
    func joined() -> Int { text("\(run)/run.log").components(separatedBy: "a worker joined").count - 1 }

    let worker = try slurm.submit(
      "workers.sbatch", [run], log: scratch.at("worker"), "--array=1", "--cpus-per-task=2", "--nodelist=n1")
    #expect(eventually { joined() == 1 }, "\(text(scratch.at("worker")))")
    // The coordinator comes back at another address.
    let address = text("\(beside)/coordinator")
    try slurm.ask("scontrol", ["requeue", job])
    #expect(
      eventually {
        let now = text("\(beside)/coordinator")
        return now.hasPrefix("tcp:") && now != address
      })
    #expect(eventually { joined() == 2 }, "\(text(scratch.at("worker")))")
    // What it does not answer, its successor cannot confirm.
    #expect(eventually { answersRead(run).values.contains(40) })
    // Somebody with more right to the node takes it, and gives it back. The task that comes again counts as
    // another worker than the one that left, so the run can end.
    let farewells = text(scratch.at("worker")).components(separatedBy: "leaving on request").count
    let other = try slurm.ask(
      "sbatch", ["--parsable", "--partition=urgent", "--nodelist=n1", "-n2", "-o", "/dev/null", "--wrap", "true"])
    #expect(slurm.waitFor(other, "COMPLETED"), "\(slurm.report)")
    let now = text(scratch.at("worker")).components(separatedBy: "leaving on request").count
    #expect(now == farewells + 1, "it said goodbye")
    try expectFinished(job, log)
    #expect(slurm.waitFor(worker, "COMPLETED"))
  }

  @Test func mistakesAreNamed() throws {
    let script = "\(Program.root)/deploy/slurm/recover.sbatch"
    let outside = try Program.run("/bin/bash", [script, models])
    #expect(outside.status == 64 && outside.stderr.contains("sbatch"), "\(outside.stderr)")
    let log = scratch.at("log")
    for (arguments, word) in [([models], "--out RUN"), ([models, "--out", run, "--insecure"], "MODELTREE_PORT")] {
      let job = try slurm.submit("recover.sbatch", arguments, log: log)
      #expect(slurm.waitFor(job, "FAILED"))
      #expect(eventually { text(log).contains(word) }, "\(text(log))")
    }
  }
}
