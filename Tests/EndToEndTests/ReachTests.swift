import Foundation
import TestPrograms
import TestSupport
import Testing

/// A host of its own name that does not see some folders: empty ones are mounted over them.
private enum Host {
  static func start(
    _ name: String, hiding folders: [String], _ program: String, _ arguments: [String]
  ) throws -> Running {
    let script = """
      name=$1 hidden=$2; shift 2
      echo "$name" >/proc/sys/kernel/hostname
      while [ "$hidden" -gt 0 ]; do mount -t tmpfs none "$1"; shift; hidden=$((hidden - 1)); done
      exec "$@"
      """
    return try Running(
      tool,
      ["--mount", "--uts", "/bin/sh", "-euc", script, "sh", name, "\(folders.count)"] + folders
        + [program] + arguments)
  }

  private static let tool = "/usr/bin/unshare"

  /// Whether this system lets us make hosts.
  static let isAllowed: Bool = {
    guard let scratch = try? TemporaryFolder(), FileManager.default.isExecutableFile(atPath: tool) else { return false }
    let file = scratch.at("seen")
    guard (try? scratch.write("", to: "seen")) != nil else { return false }
    let hidden = try? start(
      "probe", hiding: [scratch.path], "/bin/sh",
      ["-c", "hostname=$(cat /proc/sys/kernel/hostname); [ $hostname = probe ] && ! [ -e \(file) ]"])
    return hidden?.wait() == 0
  }()
}

@Suite(.enabled(if: Host.isAllowed, "needs unshare (util-linux) and the right to make mount and UTS namespaces"))
struct ReachTests {
  private let scratch: TemporaryFolder
  private let models: String
  private var run: String { scratch.at("run") }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily(tensors: 40)
  }

  private func worker(_ host: String, of cluster: Cluster, hiding: [String] = [], _ options: [String] = [])
    throws -> Running
  {
    try Host.start(
      host, hiding: hiding, Program.worker, ["--connect", cluster.endpoint, "--threads", "1"] + options)
  }

  @Test func aHostThatSeesEverythingElsewhereIsToldWhere() throws {
    let cluster = try Cluster(models: models, run: run)
    try FileManager.default.createDirectory(atPath: scratch.at("there"), withIntermediateDirectories: true)
    for (from, to) in [(models, "there/weights"), ("\(run)/store", "there/stores")] {
      #expect(try Program.run("/bin/cp", ["-a", from, scratch.at(to)]).status == 0)
    }
    // Both lie below the same folder as the coordinator sees them, and the longer rule is right.
    let mapped = try worker(
      "far", of: cluster, hiding: [models, "\(run)/store"],
      [
        "--path-map", "\(scratch.path)=\(scratch.at("there"))", "--path-map",
        "\(models)=\(scratch.at("there/weights"))",
        "--path-map", "\(run)/store=\(scratch.at("there/stores"))",
      ])
    cluster.finish()
    #expect(mapped.leave() == 0, "\(mapped.stderr)")
    #expect(!mapped.stderr.contains("misses a file"), "\(mapped.stderr)")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func whereOpenBLASIsMissingRanksAreRefusedAndTheRestIsDone() throws {
    let find = "dirname $(readlink -f $(/sbin/ldconfig -p | awk '/libopenblas.so.0/ { print $NF; exit }'))"
    let folder = try Program.run("/bin/sh", ["-c", find]).stdout.trimmingCharacters(in: .newlines)
    try #require(folder.contains("openblas"), "'\(folder)' holds more than OpenBLAS and cannot be hidden")
    func recover(_ distance: String) throws -> Running {
      let recovery = try Host.start(
        "lean", hiding: [folder], Program.modeltree,
        ["recover", "\(Program.root)/zoo/lora", "--out", run, "--distance", distance, "--redo"])
      recovery.wait()
      return recovery
    }
    for distance in ["lora", "mother-lora"] {
      let refused = try recover(distance)
      #expect(refused.wait() == 1)
      #expect(refused.stderr.contains("OpenBLAS, which could not be loaded"), "\(refused.stderr)")
      #expect(refused.stderr.contains("libopenblas0"), "\(refused.stderr)")
    }
    let done = try recover("auto")
    #expect(done.wait() == 0, "\(done.stderr)")
    #expect(done.stdout.contains("root"))
  }

  private struct Status: Decodable {
    struct Missing: Decodable, Hashable {
      var host: String
      var file: String
    }
    var missing: [Missing]
  }

  /// What `status --json` prints.
  private struct Report: Decodable { var pool: Status }

  @Test func aHostThatMissesTheModelsIsNamedAndAnotherDoesTheWork() throws {
    let cluster = try Cluster(models: models, run: run)
    let blind = try worker("blind", of: cluster, hiding: [models])
    #expect(blind.waitForError("this host misses a file"), "\(blind.stderr)")
    let lost = Set(blind.stderr.matches(of: /file=(\S+\.safetensors)/).map { String($0.1) })
    #expect(!lost.isEmpty && lost.allSatisfy { $0.hasPrefix(models) }, "\(blind.stderr)")
    func isKnown(_ status: Status?) -> Bool {
      status?.missing.contains { $0.host == "blind" && lost.contains($0.file) } ?? false
    }
    // Written once a second.
    #expect(
      eventually {
        guard let json = FileManager.default.contents(atPath: "\(run)/status.json") else { return false }
        return isKnown(try? JSONDecoder().decode(Status.self, from: json))
      })
    let sighted = try worker("sighted", of: cluster)
    cluster.finish()
    #expect(blind.leave() == 0 && sighted.leave() == 0)
    #expect(
      cluster.log.split(separator: "\n").contains { line in
        line.contains("blind") && lost.contains { line.contains($0) }
      }, "\(cluster.log)")
    #expect(!cluster.log.contains("sighted misses"))
    let status = try Program.run(Program.modeltree, ["status", run, "--json"])
    let report = try JSONDecoder().decode(Report.self, from: Data(status.stdout.utf8))
    #expect(isKnown(report.pool), "after the end as well: \(status.stdout)")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  /// One host's copy of a model is of another time: its shards go to the host that has the right one.
  @Test func aHostWithAStaleCopyIsNamedWithWhatDiffers() throws {
    let cluster = try Cluster(models: models, run: run)
    #expect(try Program.run("/bin/cp", ["-a", models, scratch.at("old")]).status == 0)
    let file = "\(models)/child1/model.safetensors"
    #expect(try Program.run("/bin/touch", [scratch.at("old/child1/model.safetensors")]).status == 0)
    let stale = try worker(
      "stale", of: cluster, hiding: [models], ["--path-map", "\(models)=\(scratch.at("old"))"])
    #expect(stale.waitForError("child1/model.safetensors' has changed since the import"), "\(stale.stderr)")
    #expect(stale.stderr.contains("modified at"), "\(stale.stderr)")
    // It says so itself before it tells the coordinator.
    #expect(
      eventually { cluster.log.split(separator: "\n").contains { $0.contains("stale") && $0.contains(file) } })
    let right = try worker("right", of: cluster)
    cluster.finish()
    #expect(stale.leave() == 0 && right.leave() == 0)
    #expect(cluster.log.split(separator: "\n").contains { $0.contains("stale") && $0.contains(file) }, "\(cluster.log)")
    #expect(try results(run) == scratch.undisturbed(models))
  }
}

/// Reading at a limited rate, and telling where files lie, in what a worker says and does.
@Suite struct ReadingOptionsTests {
  private static let nobody = ["--connect", "tcp://127.0.0.1:9"]

  @Test(arguments: [
    (["--path-map", "/data"], "FROM=TO"), (["--path-map", "/a=/b", "--path-map", "/a=/c"], "'/b' and at '/c'"),
    (["--max-read", "fast"], "fast"), (["--max-read", "10kB/s"], "100 kB/s"),
  ])
  func whatCannotBeMeantIsNamed(_ options: [String], _ word: String) throws {
    let output = try Program.run(Program.worker, Self.nobody + options)
    #expect(output.status == 64)
    #expect(output.stderr.contains(word), "\(output.stderr)")
  }

  @Test func aWorkerThatReadsSlowlyLeavesSoonAndWithoutBlame() throws {
    let scratch = try TemporaryFolder()
    // Some 8 MB: more than a minute's worth.
    let models = try scratch.makeFamily(children: 1, tensors: 2, shape: [1024, 1024])
    let run = scratch.at("run")
    let cluster = try Cluster(models: models, run: run)
    let slow = try cluster.worker("--max-read", "100kB/s")
    #expect(cluster.waitForLog("joined"))
    #expect(slow.waitForError("a run begins"), "\(slow.stderr)")
    slow.send(SIGTERM)
    #expect(slow.wait() == 0, "\(slow.stderr)")
    #expect(shardsDone(run) == 0, "it did not stay for the minute that the shard would take")
    let other = try cluster.worker("--max-read", "1GB/s")
    cluster.finish()
    #expect(other.leave() == 0)
    #expect(try results(run) == scratch.undisturbed(models))
  }
}
