import Foundation
import TestPrograms
import TestSupport
import Testing

/// Files that a run wrote and somebody or something changed: whoever reads them hears of it, and `resume` makes them
/// again.
@Suite struct DamagedResultsTests {
  private let scratch: TemporaryFolder
  private let models: String
  private var run: String { scratch.at("run") }

  init() throws {
    scratch = try TemporaryFolder()
    models = try scratch.makeFamily()
    let output = try Program.run(Program.modeltree, ["recover", models, "--out", scratch.at("run")])
    #expect(output.status == 0, "\(output.stderr)")
    try FileManager.default.copyItem(atPath: run, toPath: scratch.at("base"))
    try FileManager.default.copyItem(atPath: "\(models)/child0", toPath: scratch.at("newcomer"))
    try scratch.write("{\"models\": [{\"id\": \"child0\"}]}", to: "truth.json")
  }

  private var ofTheTree: [[String]] {
    [["tree", run], ["tree", run, "--format", "newick"], ["evaluate", run, "--truth", scratch.at("truth.json")]]
  }

  private var ofBoth: [[String]] {
    [
      ["tree", run, "--format", "html"], ["tree", run, "--format", "spdx"], ["why", run, "child0"],
      ["path", run, "child0", "child1"], ["query", run, scratch.at("newcomer")], ["diff", run, scratch.at("base")],
      ["diff", scratch.at("base"), run], ["report", run], ["verify", run],
      ["ancestor", run, "inferred-1", "--out", scratch.at("ancestor")],
    ]
  }

  /// Changes that leave the file readable.
  private func change(_ name: String) throws {
    var bytes = try scratch.read("run/\(name)")
    switch name {
    case "tree.json": bytes.append(UInt8(ascii: " "))
    default: bytes[bytes.count - 1] ^= 1
    }
    try scratch.write(bytes, to: "run/\(name)")
  }

  private func same(_ name: String) throws -> Bool { try scratch.read("run/\(name)") == scratch.read("base/\(name)") }

  @Test(arguments: ["tree.json", "results.h5"]) func aChangedFileIsNamedByAllWhoReadIt(_ name: String) throws {
    try change(name)
    for command in ofBoth + (name == "tree.json" ? ofTheTree : []) {
      let output = try Program.run(Program.modeltree, command)
      #expect(output.status == 65, "\(command): \(output)")
      #expect(output.stderr.contains("modeltree resume"), "\(command): \(output.stderr)")
      guard command[0] != "verify" else {
        #expect(output.stdout.contains("changed  \(name)"), "\(output.stdout)")
        continue
      }
      #expect(output.stderr.contains("/\(name)' is not as the run wrote it: it has"), "\(command): \(output.stderr)")
    }
    for command in name == "tree.json" ? [["status", run]] : ofTheTree + [["status", run]] {
      #expect(try Program.run(Program.modeltree, command).status == 0, "\(command)")
    }
    #expect(try Program.run(Program.modeltree, ["resume", run]).status == 0)
    for file in ["tree.json", "results.h5", "edges.csv"] { #expect(try same(file), "\(file)") }
    #expect(try Program.run(Program.modeltree, ["verify", run]).status == 0)
  }

  @Test(arguments: ["tree.nwk", "tree.html", "edges.csv"]) func aPictureIsCheckedByVerifyAlone(_ name: String) throws {
    try change(name)
    #expect(try Program.run(Program.modeltree, ["why", run, "child0"]).status == 0)
    let changed = try Program.run(Program.modeltree, ["verify", run, "--json"])
    #expect(changed.status == 65 && changed.stdout.contains("\"state\" : \"changed\""), "\(changed)")
    try scratch.remove("run/\(name)")
    let gone = try Program.run(Program.modeltree, ["verify", run])
    #expect(gone.status == 65 && gone.stdout.contains("gone  \(name)"), "\(gone)")
    #expect(try Program.run(Program.modeltree, ["resume", run]).status == 0)
    // The page says when it was made.
    #expect(try name == "tree.html" || same(name))
    #expect(try Program.run(Program.modeltree, ["verify", run]).status == 0)
  }

  /// Runs of versions that kept no checksums, and runs at work: there is nothing to compare with.
  @Test func withoutARecordOfThemFilesAreReadAsBefore() throws {
    try change("tree.json")
    var record = try #require(
      try JSONSerialization.jsonObject(with: Data(scratch.read("run/run.json"))) as? [String: Any])
    #expect((record["results"] as? [[String: Any]])?.count ?? 0 >= 8)
    record["results"] = nil
    try scratch.write(Array(JSONSerialization.data(withJSONObject: record)), to: "run/run.json")
    for command in ofTheTree + [["why", run, "child0"], ["verify", run]] {
      #expect(try Program.run(Program.modeltree, command).status == 0, "\(command)")
    }
    try scratch.remove("run/run.json")
    #expect(try Program.run(Program.modeltree, ["tree", run]).status == 0)
  }

  /// A record names files beside it, each once.
  @Test(arguments: [["../victim"], ["/etc/hostname"], ["tree.json", "tree.json"], (0..<100).map { "f\($0)" }])
  func aRecordThatListsOtherFilesIsRefused(_ names: [String]) throws {
    try scratch.write("mine", to: "victim")
    var record = try #require(
      try JSONSerialization.jsonObject(with: Data(scratch.read("run/run.json"))) as? [String: Any])
    record["results"] = names.map { ["name": $0, "bytes": 4, "checksum": "0"] as [String: Any] }
    try scratch.write(Array(JSONSerialization.data(withJSONObject: record)), to: "run/run.json")
    for command in [["tree", run], ["why", run, "child0"], ["verify", run]] {
      let output = try Program.run(Program.modeltree, command)
      #expect(output.status == 65 && output.stderr.contains("run.json"), "\(command): \(output)")
    }
  }

  /// A batch leaves alone what is whole, and makes the rest again.
  @Test func aBatchMakesDamagedResultsAgain() throws {
    try scratch.write("jobs:\n  - {name: a, models: [models], out: run}\n", to: "jobs.yaml")
    let batch = ["batch", scratch.at("jobs.yaml"), "--json"]
    #expect(try Program.run(Program.modeltree, batch).status == 0)
    let record = try scratch.read("run/run.json")
    #expect(try Program.run(Program.modeltree, batch).status == 0)
    #expect(try scratch.read("run/run.json") == record)
    try change("tree.json")
    #expect(try Program.run(Program.modeltree, batch).status == 0)
    #expect(try same("tree.json"))
    #expect(try Program.run(Program.modeltree, ["verify", run]).status == 0)
  }
}
