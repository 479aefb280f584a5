import Foundation
import Testing

/// Two hosts as network namespaces, with a cable between them that can be pulled.
private final class TwoHosts {
  let head: String
  let node: String
  let headAddress = "10.77.1.1"

  init() throws {
    let name = "mt\(UInt32.random(in: 0...UInt32.max))"
    (head, node) = ("\(name)a", "\(name)b")
    let (headCable, nodeCable) = ("\(name.suffix(8))a", "\(name.suffix(8))b")
    cable = nodeCable
    for command in [
      "netns add \(head)", "netns add \(node)",
      "-n \(head) link add \(headCable) type veth peer name \(nodeCable) netns \(node)",
      "-n \(head) addr add \(headAddress)/24 dev \(headCable)", "-n \(head) link set \(headCable) up",
      "-n \(node) addr add 10.77.1.2/24 dev \(nodeCable)", "-n \(node) link set \(nodeCable) up",
    ] { try Self.ip(command) }
  }

  deinit {
    for name in [head, node] { try? Self.ip("netns del \(name)") }
  }

  private let cable: String

  func cut() throws { try Self.ip("-n \(node) link set \(cable) down") }
  func heal() throws { try Self.ip("-n \(node) link set \(cable) up") }

  func start(on host: String, _ program: String, _ arguments: [String]) throws -> Running {
    try Running(Self.tool, ["netns", "exec", host, program] + arguments)
  }

  private static let tool = "/usr/sbin/ip"

  private static func ip(_ command: String) throws {
    let output = try Program.run(tool, command.split(separator: " ").map(String.init))
    guard output.status == 0 else { throw NetworkError(text: "ip \(command): \(output.stderr)") }
  }

  /// Whether this system lets us make hosts.
  static let isAllowed: Bool = {
    guard FileManager.default.isExecutableFile(atPath: tool) else { return false }
    return (try? TwoHosts()) != nil
  }()
}

private struct NetworkError: Error, CustomStringConvertible {
  var text: String
  var description: String { text }
}

@Suite(.enabled(if: TwoHosts.isAllowed, "needs iproute2 and the right to make network namespaces"))
struct NetworkTests {
  @Test func aNetworkThatIsCutAndHealedCostsTimeAndNothingElse() throws {
    let scratch = try Scratch()
    let models = try scratch.makeFamily(tensors: 40)
    let (run, keys) = (scratch.file("run"), scratch.file("keys"))
    #expect(try Program.run(Program.modeltree, ["keygen", keys]).status == 0)
    let hosts = try TwoHosts()
    let endpoint = "tcp://\(hosts.headAddress):5555"
    // One worker cannot agree with itself, so the run lasts until the second comes.
    let coordinator = try hosts.start(
      on: hosts.head, Program.modeltree,
      [
        "coordinate", models, "--out", run, "--listen", endpoint, "--keys", keys, "--verify", "1",
        "--worker-timeout", "3",
      ])
    #expect(coordinator.waitForError("listening on"), "\(coordinator.stderr)")
    func log() -> String { (try? String(contentsOfFile: "\(run)/run.log", encoding: .utf8)) ?? "" }
    func worker() throws -> Running {
      try hosts.start(
        on: hosts.node, Program.worker, ["--connect", endpoint, "--key", "\(keys)/worker.key", "--threads", "1"])
    }
    let first = try worker()
    #expect(eventually { log().contains("joined") }, "\(first.stderr)")
    try hosts.cut()
    #expect(eventually { log().contains("fell silent") })
    try hosts.heal()
    #expect(eventually { log().components(separatedBy: "a worker joined").count > 2 }, "it is back")
    let second = try worker()
    #expect(coordinator.wait() == 0, "\(coordinator.stderr)")
    #expect(first.leave() == 0 && second.leave() == 0)
    #expect(try results(run) == scratch.undisturbed(models))
  }
}
