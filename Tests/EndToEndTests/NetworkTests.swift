import Foundation
import TestPrograms
import TestSupport
import Testing

/// A cluster of several hosts, with keys, and what happens to hosts.
@Suite(.enabled(if: Hosts.areAllowed, "needs iproute2 and the right to make network namespaces"))
struct NetworkTests {
  private let scratch: TemporaryFolder
  private let models: String
  /// Of the coordinators.
  private let lapse: TimeLapse
  private var run: String { scratch.at("run") }
  private var keys: String { scratch.at("keys") }
  private var log: String { (try? String(contentsOfFile: "\(run)/run.log", encoding: .utf8)) ?? "" }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily(tensors: 40)
    lapse = try TimeLapse(in: scratch)
    #expect(try Program.run(Program.modeltree, ["keygen", scratch.at("keys")]).status == 0)
  }

  /// The coordinator on host 0. With --verify 1 one host's worker cannot finish the run alone: it
  /// cannot agree with itself.
  private func coordinator(_ hosts: Hosts, _ options: [String] = []) throws -> Running {
    let coordinator = try hosts.start(
      on: 0, Program.modeltree,
      [
        "coordinate", models, "--out", run, "--listen", endpoint(hosts), "--keys", keys, "--verify", "1",
      ] + options, environment: lapse.environment)
    #expect(coordinator.waitForError("listening on"), "\(coordinator.stderr)")
    return coordinator
  }

  private func endpoint(_ hosts: Hosts) -> String { "tcp://\(hosts.address(0)):5555" }

  private func worker(
    _ hosts: Hosts, on host: Int, at endpoint: String? = nil, _ options: [String] = []
  ) throws -> Running {
    try hosts.start(
      on: host, Program.worker,
      ["--connect", endpoint ?? self.endpoint(hosts), "--key", "\(keys)/worker.key", "--threads", "1"] + options)
  }

  /// For all shards it takes ten seconds, so that some are under way whenever something happens to it.
  private static let slowly = ["--max-read", "100kB/s"]

  @Test func aNetworkThatIsCutAndHealedCostsTimeAndNothingElse() throws {
    let hosts = try Hosts(2)
    let coordinator = try coordinator(hosts)
    let first = try worker(hosts, on: 1)
    #expect(eventually { log.contains("joined") }, "\(first.stderr)")
    try hosts.cut(1)
    #expect(try lapse.pass { log.contains("fell silent") })
    try hosts.heal(1)
    #expect(eventually { log.components(separatedBy: "a worker joined").count > 2 }, "it is back")
    let second = try worker(hosts, on: 1)
    #expect(coordinator.wait() == 0, "\(coordinator.stderr)")
    #expect(first.leave() == 0 && second.leave() == 0)
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func fourHostsOneCutOffAndHealedOneKilledGiveTheSameBits() throws {
    let hosts = try Hosts(4)
    let coordinator = try coordinator(hosts)
    // Host 1 works alone, which is not enough; it is cut off with shards in its hands.
    let cutOff = try worker(hosts, on: 1, Self.slowly)
    #expect(eventually { log.contains("joined") }, "\(cutOff.stderr)")
    try hosts.cut(1)
    #expect(try lapse.pass { log.contains("fell silent") })
    // Host 2 comes, and is gone without a word while it holds shards that only a second one can settle.
    let killed = try worker(hosts, on: 2, Self.slowly)
    #expect(eventually { log.components(separatedBy: "a worker joined").count > 2 }, "\(killed.stderr)")
    killed.send(SIGKILL)
    #expect(eventually { log.contains("connection is gone") })
    // Host 3 comes, and host 1 comes back.
    let late = try worker(hosts, on: 3)
    try hosts.heal(1)
    #expect(coordinator.wait() == 0, "\(coordinator.stderr)\n\(log)")
    #expect(late.leave() == 0 && cutOff.leave() == 0, "\(late.stderr)\n\(cutOff.stderr)")
    #expect(log.components(separatedBy: "a worker joined").count > 4, "\(log)")
    #expect(try results(run) == scratch.undisturbed(models))
    let truth = try String(contentsOfFile: "\(run)/edges.csv", encoding: .utf8)
    for child in 0..<3 { #expect(truth.contains("root,child\(child),"), "\(truth)") }
  }

  @Test func aStrangerOnTheNetworkGetsNothing() throws {
    let hosts = try Hosts(3)
    let coordinator = try coordinator(hosts)
    let stranger = try hosts.start(
      on: 2, Program.worker, ["--connect", endpoint(hosts), "--insecure", "--threads", "1"])
    #expect(eventually { log.contains("a connection ended before its greeting was complete") }, "\(stranger.stderr)")
    #expect(stranger.isRunning && !log.contains("joined"))
    let workers = try (1...2).map { try worker(hosts, on: $0) }
    #expect(coordinator.wait() == 0, "\(coordinator.stderr)")
    for worker in workers { #expect(worker.leave() == 0) }
    // It still waits for an answer.
    #expect(stranger.leave() == 0, "\(stranger.stderr)")
  }

  @Test func statusIsAskedOverTheNetwork() throws {
    let hosts = try Hosts(2)
    let coordinator = try coordinator(hosts)
    let worker = try worker(hosts, on: 1)
    #expect(eventually { log.contains("joined") }, "\(worker.stderr)")
    func ask() throws -> Running {
      try hosts.start(on: 1, Program.modeltree, ["status", endpoint(hosts), "--key", "\(keys)/worker.key", "--json"])
    }
    // It waits for no more than five seconds, in which a busy machine may have said nothing.
    var status = try ask()
    _ = try eventually {
      guard status.wait() == 75 else { return true }
      status = try ask()
      return false
    }
    #expect(status.wait() == 0, "\(status.stderr)")
    #expect(status.stdout.contains("\"shards\" : 40"), "\(status.stdout)")
    let refused = try hosts.start(on: 1, Program.modeltree, ["status", endpoint(hosts), "--insecure"])
    #expect(refused.wait() != 0 && refused.stdout.isEmpty, "\(refused.stdout)")
    coordinator.send(SIGTERM)
    #expect(coordinator.wait() == 75)
    worker.end()
  }
}
