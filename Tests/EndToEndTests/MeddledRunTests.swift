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
