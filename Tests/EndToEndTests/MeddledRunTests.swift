import Foundation
import Glibc
import TestPrograms
import TestSupport
import Testing

/// Run directories in which somebody has put pipes and links in the place of files: no command waits, and none writes
/// anywhere else. A command that hangs is killed by the patience of `Running`.
@Suite struct MeddledRunTests {
  private let scratch: TemporaryFolder
  private let models: String

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily()
    let output = try Program.run(Program.modeltree, ["recover", models, "--out", scratch.at("base")])
    #expect(output.status == 0, "\(output.stderr)")
    try FileManager.default.copyItem(atPath: "\(models)/child0", toPath: scratch.at("newcomer"))
    try scratch.write("{\"models\": [{\"id\": \"child0\"}]}", to: "truth.json")
  }

  /// Everything that a run writes.
  private static let names = [
    "run.log", ".lock", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.sqlite-journal",
    "results.h5", "run.json", "tree.json", "tree.html", "tree.nwk", "edges.csv", "hints.csv", "status.json", "store",
    "aligned", "registry", ".store-new",
  ]

  private var writing: [[String]] {
    let run = scratch.at("run")
    return [
      ["resume", run], ["recover", models, "--out", run], ["recover", models, "--out", run, "--redo"],
      ["recover", models, "--out", run, "--pairs", "sections"],
    ]
  }

  private var reading: [[String]] {
    let run = scratch.at("run")
    return [
      ["status", run], ["tree", run], ["tree", run, "--format", "html"], ["why", run, "child0"],
      ["path", run, "child0", "child1"], ["query", run, scratch.at("newcomer")], ["diff", run, scratch.at("base")],
      ["evaluate", run, "--truth", scratch.at("truth.json")], ["report", run], ["verify", run], ["plan", run],
    ]
  }

  /// A copy of the run with something else in the place of one of its files.
  private func meddle(_ name: String, _ replace: (String) throws -> Void) throws {
    let files = FileManager.default
    if files.fileExists(atPath: scratch.at("run")) { try scratch.remove("run") }
    try files.copyItem(atPath: scratch.at("base"), toPath: scratch.at("run"))
    try? scratch.remove("run/\(name)")
    try replace(scratch.at("run/\(name)"))
  }

  @Test(arguments: names) func noCommandWaitsForAPipe(_ name: String) throws {
    for command in writing + reading {
      try meddle(name) { #expect(mkfifo($0, 0o600) == 0) }
      let output = try Program.run(Program.modeltree, command)
      #expect([0, 65, 73].contains(output.status), "\(name), \(command): \(output.status) \(output.stderr)")
      // `plan` finds no model in the directory of a run, whatever else is in it.
      if output.status != 0, command[0] != "plan" {
        #expect(output.stderr.contains(name), "\(name), \(command): \(output.stderr)")
      }
    }
  }

  @Test(arguments: ["run.log", ".lock"]) func aPipeInThePlaceOfWhatIsWrittenIsNamed(_ name: String) throws {
    try meddle(name) { #expect(mkfifo($0, 0o600) == 0) }
    let output = try Program.run(Program.modeltree, ["resume", scratch.at("run")])
    #expect(output.status == 73, "\(output.stderr)")
    #expect(output.stderr.contains(scratch.at("run/\(name)")) && output.stderr.contains("it is a pipe, expected a"))
  }

  /// Files and folders elsewhere stay as they are, and none is made.
  @Test(arguments: names) func nothingIsWrittenThroughALink(_ name: String) throws {
    for command in writing + reading.filter({ ["status", "query"].contains($0[0]) }) {
      for target in ["victim/file", "victim/new", "victim"] {
        try scratch.write("mine", to: "victim/file")
        try meddle(name) {
          try FileManager.default.createSymbolicLink(atPath: $0, withDestinationPath: scratch.at(target))
        }
        let output = try Program.run(Program.modeltree, command)
        #expect([0, 65, 73].contains(output.status), "\(name), \(command): \(output.status) \(output.stderr)")
        #expect(try scratch.names(in: "victim") == ["file"], "\(name), \(command)")
        #expect(try scratch.text("victim/file") == "mine", "\(name), \(command)")
      }
    }
  }

  /// Numbers of results.h5 that lie in a file elsewhere, in each of the ways that HDF5 has: a pipe is not waited for, and
  /// a secret does not end up in an answer.
  @Test(arguments: ["external", "link", "virtual"]) func resultsThatLieInOtherFilesAreNotRead(_ way: String) throws {
    let script = """
      import sys, h5py, json
      run, way, other = sys.argv[1:]
      record = json.load(open(run + "/run.json"))
      del record["results"]
      json.dump(record, open(run + "/run.json", "w"))
      with h5py.File(run + "/results.h5", "r+") as results:
          shape = results["cost"].shape
          bytes = 8 * shape[0] * shape[1]
          for name in ["cost", "models"]:
              del results[name]
          if way == "external":
              results.create_dataset("cost", shape, "f8", external=[(other, 0, bytes)])
          elif way == "link":
              results["cost"] = h5py.ExternalLink(other, "/cost")
          else:
              layout = h5py.VirtualLayout(shape, "f8")
              layout[:] = h5py.VirtualSource(other, "cost", shape=shape)
              results.create_virtual_dataset("cost", layout)
          ids = json.load(open(run + "/tree.json"))["nodes"]
          results.create_dataset("models", data=[n["id"] for n in ids if not n.get("inferred")], dtype=h5py.string_dtype())
      """
    #expect(mkfifo(scratch.at("pipe"), 0o600) == 0)
    try scratch.write(Array(repeating: 0x40, count: 1000), to: "secret")
    try FileManager.default.copyItem(atPath: scratch.at("base/results.h5"), toPath: scratch.at("results.h5"))
    for other in ["pipe", "secret", "results.h5"] {
      try meddle("none") { _ in }
      let made = try Program.run(Program.python, ["-c", script, scratch.at("run"), way, scratch.at(other)])
      #expect(made.status == 0, "\(made.stderr)")
      for command in [
        ["why", scratch.at("run"), "child0"], ["tree", scratch.at("run"), "--format", "html"],
        ["report", scratch.at("run")],
      ] {
        let output = try Program.run(Program.modeltree, command)
        #expect(output.status == 65 && output.stderr.contains("no readable '/cost'"), "\(other), \(command): \(output)")
      }
    }
  }

  @Test(arguments: [".batch-lock", "batch.log", "status.json"]) func noBatchWaitsForAPipe(_ name: String) throws {
    try scratch.write("jobs: [models]\nout: runs\n", to: "jobs.yaml")
    let runs = scratch.at("runs")
    let batch = ["batch", scratch.at("jobs.yaml")]
    #expect(try Program.run(Program.modeltree, batch).status == 0)
    try? scratch.remove("runs/\(name)")
    #expect(mkfifo("\(runs)/\(name)", 0o600) == 0)
    for command in [["status", runs], batch] {
      let output = try Program.run(Program.modeltree, command)
      #expect([0, 65, 73].contains(output.status), "\(name), \(command): \(output.status) \(output.stderr)")
      if output.status != 0 { #expect(output.stderr.contains(name), "\(output.stderr)") }
    }
    if name != "status.json" {
      try scratch.write("mine", to: "victim")
      try scratch.remove("runs/\(name)")
      try scratch.link("runs/\(name)", to: scratch.at("victim"))
      #expect(try Program.run(Program.modeltree, batch).status == 73)
      #expect(try scratch.text("victim") == "mine")
    }
  }
}
