import Foundation
import TestPrograms
import TestSupport
import Testing

/// Nobody without a key gets in, and a key can be taken back.
@Suite struct KeyTests {
  private let scratch: TemporaryFolder
  private let models: String
  private var keys: String { scratch.at("keys") }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily()
    for folder in ["keys", "others"] {
      let made = try Program.run(
        Program.modeltree, ["keygen", scratch.at(folder), "--worker", "a", "--worker", "b"])
      #expect(made.status == 0, "\(made.stderr)")
      #expect(made.stdout == "\(scratch.at(folder))/a.key\n\(scratch.at(folder))/b.key\n")
    }
  }

  private func cluster(_ options: String...) throws -> Cluster {
    try Cluster(
      models: models, run: scratch.at("run"), listen: "tcp://0.0.0.0:*", ["--keys", keys] + options)
  }

  /// The secrets of all keys that were made.
  private func secrets() throws -> [String] {
    try ["keys/coordinator", "keys/a", "keys/b"].map { name in
      let text = try String(contentsOfFile: scratch.at("\(name).key"), encoding: .utf8)
      return String(try #require(text.split(separator: "\n").first { $0.hasPrefix("secret") }).dropFirst(9))
    }
  }

  @Test func onlyWorkersWithAKeyThatIsAllowedGetIn() throws {
    let cluster = try cluster()
    let bare = try cluster.worker()
    let foreign = try cluster.worker("--key", scratch.at("others/a.key"))
    #expect(bare.waitForError("the handshake failed"))
    #expect(foreign.waitForError("the handshake failed"))
    // A key of somebody who knows this coordinator but is not on its list.
    let unlisted = scratch.at("unlisted.key")
    try FileManager.default.copyItem(atPath: "\(keys)/b.key", toPath: unlisted)
    #expect(try Program.run(Program.modeltree, ["keygen", keys, "--revoke", "b"]).status == 0)
    #expect(cluster.waitForLog("the list of workers changed"))
    let refused = try cluster.worker("--key", unlisted)
    #expect(refused.wait() == 64)
    #expect(refused.stderr.contains("does not let this worker's key in"), "\(refused.stderr)")
    // Another implementation, with a key and without.
    #expect(try cluster.stranger("join") == "nothing\n")
    #expect(try cluster.stranger("join", key: unlisted) == "nothing\n")
    #expect(!cluster.log.contains("joined"))
    #expect(try cluster.stranger("join", key: "\(keys)/a.key") == "welcome\n")

    let worker = try cluster.worker("--key", "\(keys)/a.key")
    #expect(cluster.coordinator.wait() == 0, "\(cluster.coordinator.stderr)")
    #expect(worker.wait() == 0, "\(worker.stderr)")
    #expect(try results(cluster.run) == scratch.undisturbed(models))
    #expect(cluster.log.contains("refused a key that is not on the list"))
    bare.end()
    foreign.end()
  }

  @Test func aKeyThatIsRevokedDuringTheRunEndsItsWorker() throws {
    // One worker cannot agree with itself, so the run waits.
    let cluster = try cluster("--verify", "1")
    let worker = try cluster.worker("--key", "\(keys)/a.key")
    #expect(cluster.waitForLog("joined"))
    #expect(try Program.run(Program.modeltree, ["keygen", keys, "--revoke", "a"]).status == 0)
    #expect(worker.wait() == 64)
    #expect(worker.stderr.contains("its key was revoked"), "\(worker.stderr)")
    for name in ["c", "d"] {
      #expect(try Program.run(Program.modeltree, ["keygen", keys, "--worker", name]).status == 0)
    }
    let others = try ["c", "d"].map { try cluster.worker("--key", "\(keys)/\($0).key") }
    cluster.finish()
    for other in others { #expect(other.leave() == 0) }
    #expect(try results(cluster.run) == scratch.undisturbed(models))
  }

  @Test func secretsAreInNoLogProcessListOrRunDirectory() throws {
    let cluster = try cluster("--verify", "1")
    let worker = try cluster.worker("--key", "\(keys)/a.key")
    #expect(cluster.waitForLog("joined"))
    var seen = cluster.coordinator.stderr + cluster.coordinator.stdout + worker.stderr
    for process in [cluster.coordinator.pid, worker.pid] {
      for file in ["cmdline", "environ"] {
        seen += String(decoding: try Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/\(file)")), as: UTF8.self)
      }
    }
    cluster.coordinator.send(SIGTERM)
    #expect(cluster.coordinator.wait() == 75)
    worker.end()
    let found = try Program.run("/bin/sh", ["-c", "find '\(cluster.run)' -type f -exec cat {} +"])
    seen += found.stdout
    for secret in try secrets() { #expect(!seen.contains(secret)) }
  }

  @Test func withoutKeysNeitherSideGoesBeyondThisMachine() throws {
    let coordinator = try Program.run(
      Program.modeltree,
      ["coordinate", models, "--out", scratch.at("run"), "--listen", "tcp://0.0.0.0:5999"])
    #expect(coordinator.status == 64)
    #expect(coordinator.stderr.contains("keygen") && coordinator.stderr.contains("--insecure"))
    #expect(!FileManager.default.fileExists(atPath: scratch.at("run")), "nothing was begun")
    let worker = try Program.run(Program.worker, ["--connect", "tcp://192.0.2.1:5999"])
    #expect(worker.status == 64)
    #expect(worker.stderr.contains("--key") && worker.stderr.contains("--insecure"))
  }

  @Test func insecureIsAWordThatIsBelieved() throws {
    let cluster = try Cluster(
      models: models, run: scratch.at("run"), listen: "tcp://0.0.0.0:*", ["--insecure"])
    #expect(cluster.coordinator.stderr.contains("--insecure\n"), "what to type on the workers' hosts")
    let worker = try cluster.worker("--insecure")
    cluster.finish()
    #expect(worker.wait() == 0)
  }
}
