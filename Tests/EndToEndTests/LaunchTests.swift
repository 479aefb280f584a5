import Foundation
import TestPrograms
import TestSupport
import Testing

/// deploy/ssh/launch, over ssh.
@Suite(.enabled(if: SecureShellHosts.isInstalled, "needs sshd, ssh and ssh-keygen (Debian: openssh-server)"))
struct LaunchTests {
  private let scratch: TemporaryFolder
  private let models: String
  private let hosts: SecureShellHosts
  private var run: String { scratch.at("run") }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily(tensors: 40)
    hosts = try SecureShellHosts()
  }

  private func launch(_ list: String..., verify: String = "1") throws -> Running {
    try scratch.write("# hosts\n\n" + list.joined(separator: "\n"), to: "hosts")
    // Children of tests have signals blocked, and may have been told to ignore Ctrl-C where the tests run in the
    // background of a script: no trap would ever be sprung.
    let unblock = """
      import os, signal, sys
      signal.signal(signal.SIGINT, signal.SIG_DFL)
      signal.pthread_sigmask(signal.SIG_SETMASK, [])
      os.execv(sys.argv[1], sys.argv[1:])
      """
    return try Running(
      Program.python,
      [
        "-c", unblock, "\(Program.root)/deploy/ssh/launch", scratch.at("hosts"), "--", models, "--out", run,
        "--verify", verify,
      ], environment: hosts.environment)
  }

  private func log(_ name: String) -> String {
    (try? String(contentsOfFile: scratch.at("run.workers/\(name).log"), encoding: .utf8)) ?? ""
  }

  /// The processes of the workers of a host, in the order of their starts.
  private func workers(_ name: String) -> [Int32] {
    log(name).matches(of: /worker.process=(\d+) .*connecting/).compactMap { Int32($0.1) }
  }

  /// No key, and nothing else, is left on the hosts or in the launcher's folder.
  private func expectNothingIsLeft() throws {
    #expect(eventually { (try? FileManager.default.contentsOfDirectory(atPath: hosts.temporary)) == [] })
    let logs = try FileManager.default.contentsOfDirectory(atPath: scratch.at("run.workers"))
    #expect(logs.allSatisfy { $0.hasSuffix(".log") }, "\(logs)")
  }

  @Test func wrongHostsAreNamedAndAKilledWorkerIsStartedAgain() throws {
    // Every shard takes two workers: the one after the kill counts as another than the one before.
    let launch = try launch("node-1 --threads 1", "nowhere.invalid", "bare  # nothing there", "node-2 --nonsense")
    #expect(launch.waitForError("bare is given up: no modeltree-worker on this host"), "\(launch.stderr)")
    #expect(launch.waitForError("node-2 is given up: Error: Unknown option '--nonsense'"), "\(launch.stderr)")
    #expect(launch.waitForError("nowhere.invalid is given up: ssh: Could not resolve"), "\(launch.stderr)")
    #expect(eventually { workers("001-node-1").count == 1 })
    let folders = try FileManager.default.contentsOfDirectory(atPath: hosts.temporary)
    for folder in folders {
      #expect(eventually { !FileManager.default.fileExists(atPath: "\(hosts.temporary)/\(folder)/key") }, "it was read")
    }
    let first = try #require(workers("001-node-1").first)
    #expect(eventually { answersRead(run)[Int(first)] == 40 }, "what it answers, the next one confirms")
    kill(first, SIGKILL)
    #expect(launch.wait() == 0, "\(launch.stderr)")
    #expect(workers("001-node-1").count == 2, "\(log("001-node-1"))")
    for host in ["nowhere.invalid", "bare", "node-2"] { #expect(launch.stderr.contains("failed: \(host): ")) }
    #expect(launch.stderr.contains("trouble: node-1: started 2 times"), "\(launch.stderr)")
    try expectNothingIsLeft()
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test(arguments: [(SIGTERM, Int32(75)), (SIGINT, Int32(130))])
  func aSignalStopsEverythingAndTheSameCommandGoesOn(_ signal: Int32, _ status: Int32) throws {
    let first = try launch("node-1", verify: "0.5")
    // One worker cannot agree with itself, so half of the shards wait for another.
    #expect(eventually { shardsDone(run) > 10 }, "\(first.stderr)")
    let worker = try #require(workers("001-node-1").first)
    first.send(signal)
    #expect(first.wait() == status, "\(first.stderr)")
    #expect(eventually { kill(worker, 0) != 0 }, "its worker is gone")
    try expectNothingIsLeft()
    let second = try launch("node-1", "node-2", verify: "0.5")
    #expect(second.wait() == 0, "\(second.stderr)")
    #expect(second.stderr.contains("resuming: "), "\(second.stderr)")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func whenLaunchIsKilledWorkersAndCoordinatorEndToo() throws {
    let launch = try launch("node-1")
    #expect(eventually { workers("001-node-1").count == 1 }, "\(launch.stderr)")
    let worker = try #require(workers("001-node-1").first)
    launch.send(SIGKILL)
    #expect(eventually { kill(worker, 0) != 0 })
    #expect(eventually { (try? FileManager.default.contentsOfDirectory(atPath: hosts.temporary)) == [] })
    // The run directory is free again.
    #expect(eventually { (try? Program.run(Program.modeltree, ["status", run]))?.stdout.contains("stopped") ?? false })
  }

  @Test func withoutAnyHostItStopsAndSaysWhy() throws {
    let launch = try launch("bare")
    #expect(launch.wait() == 75, "\(launch.stderr)")
    #expect(launch.stderr.contains("no host is left"))
    let badInput = try Program.run(
      "\(Program.root)/deploy/ssh/launch", [scratch.at("hosts"), "--", scratch.at("nothing"), "--out", run],
      environment: hosts.environment)
    #expect(badInput.status == 65, "the coordinator's exit code")
  }
}
