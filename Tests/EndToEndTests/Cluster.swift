import Foundation
import TestPrograms
import TestSupport
import Testing

/// A coordinator as a process of its own, and where its workers find it.
final class Cluster {
  let run: String
  let coordinator: Running
  let endpoint: String

  /// Starts the coordinator and waits until it listens.
  ///
  /// - Parameter arguments: the command and what it works on.
  init(
    _ arguments: [String], run: String, listen: String = "tcp://127.0.0.1:*", _ options: [String] = [],
    environment: [String: String] = [:]
  ) throws {
    self.run = run
    coordinator = try Running(
      Program.modeltree, arguments + ["--listen", listen] + options, environment: environment)
    #expect(coordinator.waitForError("listening on"), "\(coordinator.stderr)")
    endpoint = String(try #require(coordinator.stderr.firstMatch(of: /listening on ([^;\s]+)/)).1)
      .replacing("0.0.0.0", with: "127.0.0.1")
  }

  convenience init(
    models: String, run: String, listen: String = "tcp://127.0.0.1:*", _ options: [String] = [],
    environment: [String: String] = [:]
  ) throws {
    try self.init(
      ["coordinate", models, "--out", run], run: run, listen: listen, options, environment: environment)
  }

  deinit { coordinator.send(SIGKILL) }

  func worker(_ options: String..., at endpoint: String? = nil) throws -> Running {
    try Running(Program.worker, ["--connect", endpoint ?? self.endpoint, "--threads", "1"] + options)
  }

  /// A stranger of Tests/Oracle that does one thing that is not done; what it was answered.
  func stranger(_ misdeed: String, key: String? = nil) throws -> String {
    let output = try Program.oracle("stranger", [endpoint, misdeed] + (key.map { [$0] } ?? []))
    #expect(output.status == 0, "\(misdeed): \(output.stderr)")
    return output.stdout
  }

  var log: String { (try? String(contentsOfFile: "\(run)/run.log", encoding: .utf8)) ?? "" }

  /// Waits until the log holds the text so many times.
  func waitForLog(_ text: String, times: Int = 1) -> Bool {
    eventually { log.components(separatedBy: text).count > times }
  }

  /// Waits for the end, which must be a good one.
  func finish() {
    #expect(coordinator.wait() == 0, "\(coordinator.stderr)\n\(log)")
  }
}

/// A process between workers and a coordinator that does what networks, hosts and liars do.
final class Meddler {
  let process: Running
  let endpoint: String

  init(_ coordinator: String, _ options: [String]) throws {
    process = try Oracle.start("meddler.py", [coordinator] + options)
    #expect(process.waitForError("meddling at"), "\(process.stderr)")
    endpoint = String(try #require(process.stderr.firstMatch(of: /meddling at (\S+)/)).1)
  }

  deinit { process.send(SIGKILL) }

  func waitForAnswers(_ count: Int) -> Bool { process.waitForError("answers \(count)\n") }

  /// Passes on what `--pass` held back, and all that comes.
  func release() { process.send(SIGUSR1) }

  /// Answers passed on.
  var answers: Int { process.stderr.components(separatedBy: "answers ").count - 1 }
}

/// Shards of a run that are durable, as `modeltree status` reports them.
func shardsDone(_ run: String) -> Int {
  let output = try? Program.run(Program.modeltree, ["status", run, "--json"])
  return output?.stdout.firstMatch(of: /"shards_done" : (\d+)/).flatMap { Int($0.1) } ?? 0
}

/// Answers of each worker, by its process, that the coordinator of a run has read. Written down once a second.
func answersRead(_ run: String) -> [Int: Int] {
  struct Report: Decodable {
    struct Pool: Decodable {
      struct Worker: Decodable { var process, shards_done: Int }
      var workers: [Worker]
    }
    var pool: Pool
  }
  let output = try? Program.run(Program.modeltree, ["status", run, "--json"])
  let report = output.flatMap { try? JSONDecoder().decode(Report.self, from: Data($0.stdout.utf8)) }
  return Dictionary((report?.pool.workers ?? []).map { ($0.process, $0.shards_done) }) { $1 }
}

/// Everything in a run directory that must not differ between two runs.
func results(_ run: String) throws -> [Data] {
  try ["results.h5", "tree.json", "tree.nwk", "tree.dot", "tree.graphml", "tree.mmd", "edges.csv"].map {
    try Data(contentsOf: URL(fileURLWithPath: "\(run)/\($0)"))
  }
}

extension TemporaryFolder {
  /// Runs a recovery that nothing disturbs.
  func undisturbed(_ models: String, _ name: String = "undisturbed") throws -> [Data] {
    let output = try Program.run(Program.modeltree, ["recover", models, "--out", at(name)])
    #expect(output.status == 0, "\(output.stderr)")
    return try results(at(name))
  }
}
