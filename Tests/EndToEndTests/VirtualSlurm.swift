import Foundation
import TestPrograms
import TestSupport
import Testing

/// A Slurm cluster of its own on this machine: a controller, and a daemon for each node, with the rights of
/// this user and ports that nobody uses. The nodes are all at 127.0.0.1.
final class VirtualSlurm {
  private let scratch: TemporaryFolder
  private var daemons: [Daemon] = []
  private let environment: [String: String]
  let folder: String

  /// The partition `spare` is preempted by jobs of `urgent`.
  init(nodes: Int = 2, processors: Int = 2) throws {
    scratch = try TemporaryFolder()
    folder = scratch.path
    environment = [
      "SLURM_CONF": "\(folder)/slurm.conf",
      "PATH": "\(Program.root)/.build/release:\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
    ]
    let ports = try freePorts(nodes + 1)
    let user = NSUserName()
    var lines = [
      "ClusterName=virtual", "SlurmctldHost=localhost(127.0.0.1)", "SlurmctldPort=\(ports[nodes])",
      // A job that was requeued starts again when the old one's credentials have run out.
      "AuthType=auth/munge", "AuthInfo=socket=\(folder)/munge,cred_expire=5",
      "SlurmUser=\(user)", "SlurmdUser=\(user)",
      "StateSaveLocation=\(folder)/state", "SlurmdSpoolDir=\(folder)/spool.%n",
      "SlurmctldPidFile=\(folder)/slurmctld.pid", "SlurmdPidFile=\(folder)/%n.pid",
      "SlurmctldLogFile=\(folder)/slurmctld.log", "SlurmdLogFile=\(folder)/%n.log",
      "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "MpiDefault=none",
      "JobAcctGatherType=jobacct_gather/none", "AccountingStorageType=accounting_storage/none",
      "SelectType=select/cons_tres", "SelectTypeParameters=CR_CPU", "SlurmdParameters=config_overrides",
      "SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1",
      "PreemptType=preempt/partition_prio", "PreemptMode=REQUEUE", "KillWait=60", "ReturnToService=2",
    ]
    for node in 0..<nodes {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/spool.n\(node)", withIntermediateDirectories: true)
      lines.append("NodeName=n\(node) NodeHostname=localhost NodeAddr=127.0.0.1 Port=\(ports[node]) CPUs=\(processors)")
    }
    lines += [
      "PartitionName=spare Nodes=ALL Default=YES PriorityTier=1 PreemptMode=REQUEUE",
      "PartitionName=urgent Nodes=ALL PriorityTier=2 PreemptMode=OFF",
    ]
    try FileManager.default.createDirectory(atPath: "\(folder)/state", withIntermediateDirectories: true)
    try Data((lines.joined(separator: "\n") + "\n").utf8)
      .write(to: URL(fileURLWithPath: "\(folder)/slurm.conf"))
    try Data((0..<128).map { _ in UInt8.random(in: 0...255) })
      .write(to: URL(fileURLWithPath: "\(folder)/munge.key"))
    chmod("\(folder)/munge.key", 0o600)
    try start(
      "munged",
      ["--foreground", "--force", "--socket", "\(folder)/munge", "--key-file", "\(folder)/munge.key"]
        + ["pid", "log", "seed"].flatMap { ["--\($0)-file", "\(folder)/munged.\($0)"] })
    #expect(eventually { FileManager.default.fileExists(atPath: "\(folder)/munge") })
    try start("slurmctld", ["-D"])
    for node in 0..<nodes { try start("slurmd", ["-D", "-N", "n\(node)"]) }
    let isUp = try eventually {
      let states = try ask("sinfo", ["-h", "-N", "-p", "spare", "-o", "%T"])
      return states == Array(repeating: "idle", count: nodes).joined(separator: "\n")
    }
    #expect(isUp, "\(report)")
  }

  deinit {
    _ = try? ask("scancel", ["-u", NSUserName()])
    _ = eventually { (try? ask("squeue", ["-h", "-t", "R,CG"]))?.isEmpty ?? true }
    for daemon in daemons.reversed() { daemon.stop() }
  }

  private func start(_ name: String, _ arguments: [String]) throws {
    daemons.append(try Daemon("/usr/sbin/\(name)", arguments, environment: environment))
  }

  /// What one of Slurm's commands prints.
  @discardableResult
  func ask(_ command: String, _ arguments: [String]) throws -> String {
    let output = try Program.run("/usr/bin/\(command)", arguments, environment: environment)
    return (output.status == 0 ? output.stdout : output.stderr).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Submits a script of deploy/slurm.
  ///
  /// - Returns: the job's number.
  func submit(_ script: String, _ arguments: [String], log: String, _ options: String...) throws -> String {
    let answer = try ask(
      "sbatch",
      ["--parsable", "--output", log] + options + ["\(Program.root)/deploy/slurm/\(script)"] + arguments)
    #expect(Int(answer) != nil, "\(answer)")
    return answer
  }

  func state(_ job: String) throws -> String {
    try ask("squeue", ["-h", "-t", "all", "-j", job, "-o", "%T"])
  }

  func waitFor(_ job: String, _ state: String) -> Bool { eventually { (try? self.state(job)) == state } }

  /// What the daemons say, for failures.
  var report: String { daemons.map(\.stderr).joined(separator: "\n") }

  static let isInstalled = ["/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch"]
    .allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
}

struct NoFreePort: Error {}

/// Ports of 127.0.0.1 that nobody uses at the moment, all different, and none that the system gives to whoever
/// asks for any: between this look and the server's start nobody takes one by chance.
func freePorts(_ count: Int) throws -> [Int] {
  var found: Set<Int> = []
  for _ in 0..<1000 where found.count < count {
    let port = Int.random(in: 10_000..<32_000)
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let isFree = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isFree { found.insert(port) }
  }
  guard found.count == count else { throw NoFreePort() }
  return found.sorted()
}
