import Foundation
import TestPrograms
import TestSupport
import Testing

/// A run directory is input: what somebody has done to its journal is named, and no tree comes of it.
@Suite struct MeddledJournalTests {
  private func modeltree(_ arguments: String...) throws -> Program.Output {
    try Program.run(Program.modeltree, arguments)
  }

  private func meddle(_ run: String, _ sql: String) throws {
    let script =
      "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit(); c.close()"
    let output = try Program.run(Program.python, ["-c", script, "\(run)/journal.sqlite", sql])
    #expect(output.status == 0, "\(output.stderr)")
  }

  private func swap(_ a: String, _ b: String) throws {
    let files = FileManager.default
    try files.moveItem(atPath: a, toPath: "\(a).away")
    try files.moveItem(atPath: b, toPath: a)
    try files.moveItem(atPath: "\(a).away", toPath: b)
  }

  /// Before, the tree of the models as they were came out again, with exit code 0.
  @Test(arguments: [
    "DELETE FROM setting WHERE name = 'identity'", "UPDATE setting SET value = '' WHERE name = 'identity'",
    "UPDATE setting SET value = '{}' WHERE name = 'identity'",
  ])
  func withoutAnIdentityNothingIsResumed(sql: String) throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    try swap("\(models)/child0", "\(models)/child1")
    try meddle(run, sql)
    for command in [["resume", run], ["recover", models, "--out", run]] {
      let again = try Program.run(Program.modeltree, command)
      #expect(again.status == 65, "\(again.stderr)")
      #expect(again.stderr.contains("journal.sqlite") && again.stderr.contains("--redo"), "\(again.stderr)")
    }
  }

  /// Tables that are views without an end, and a partial of 900 MB.
  @Test(arguments: [
    """
    DROP TABLE setting; CREATE VIEW setting AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT 'a' AS name, 'b' AS value FROM n WHERE i < 0;
    """,
    """
    DROP TABLE shard; CREATE VIEW shard AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT i AS id, 1 AS attempt, '' AS worker, 0.0 AS seconds, 0 AS bytes_read, '' AS finished, x'' AS partial FROM n;
    """,
    "CREATE TRIGGER t AFTER INSERT ON shard BEGIN DELETE FROM shard; END;",
  ])
  func tablesThatAreNoneAreRefused(sql: String) throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    try meddle(run, sql)
    for command in [["resume", run], ["query", run, "\(models)/child0"]] {
      let output = try Program.run(Program.modeltree, command)
      #expect(output.status == 65, "\(command): \(output.status) \(output.stderr)")
    }
    #expect(try modeltree("resume", run).stderr.contains("is not a journal"))
  }

  /// SQLite rolls such a journal back and then removes the file that it names.
  @Test(arguments: [false, true]) func noFileElsewhereIsRemovedForARollbackJournal(isInWAL: Bool) throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let (run, victim) = (scratch.at("run"), try scratch.write("precious", to: "victim"))
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    let script = """
      import struct, sys
      path, name = sys.argv[1], sys.argv[2].encode()
      head = open(path, "rb").read()
      page = {1: 65536}.get(size := struct.unpack_from(">H", head, 16)[0], size)
      magic = bytes.fromhex("d9d505f920a163d7")
      journal = (magic + struct.pack(">5I", 0, 0, len(head) // page, 512, page)).ljust(512, b"\\0")
      journal += struct.pack(">I", (1 << 30) // page + 1) + name + struct.pack(">2I", len(name), sum(name)) + magic
      open(path + "-journal", "wb").write(journal)
      """
    for command in [
      ["resume", run], ["recover", models, "--out", run], ["status", run], ["query", run, "\(models)/child0"],
      ["recover", models, "--out", run, "--redo"],
    ] {
      let made = try Program.run(Program.python, ["-c", script, "\(run)/journal.sqlite", victim])
      #expect(made.status == 0, "\(made.stderr)")
      if isInWAL { try scratch.write("", to: "run/journal.sqlite-wal") }
      let output = try Program.run(Program.modeltree, command)
      #expect(try scratch.text("victim") == "precious", "\(command)")
      switch (command[0], command.last) {
      case (_, "--redo"): #expect(output.status == 0, "\(output.stderr)")
      // The coordinator's own words say enough.
      case ("status", _): #expect([0, 65].contains(output.status), "\(output.stderr)")
      default:
        #expect(
          output.status == 65 && output.stderr.contains("journal.sqlite-journal' names another file"), "\(output)")
      }
    }
  }

  @Test func aPartialThatIsMuchTooLongIsNotLoaded() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    try meddle(run, "UPDATE shard SET partial = zeroblob(900000000) WHERE id = 1;")
    let output = try modeltree("resume", run)
    #expect(output.status == 65, "\(output.status) \(output.stderr)")
    #expect(output.stderr.contains("journal.sqlite"), "\(output.stderr)")
  }

  private func set(_ setting: String, _ json: String, of run: String) throws {
    try meddle(
      run, "UPDATE setting SET value = json_set(value, '$.\(setting)', json('\(json)')) WHERE name = 'invocation';")
  }

  /// Before, the first of these were solved for ever, and the others ended with an error that blamed the tree.
  @Test(arguments: [
    ("lineage.replicates", "4611686018427387904"), ("lineage.replicates", "-1"), ("lineage.lambda", "1e308"),
    ("lineage.lambda", "-1"), ("lineage.families", "0"), ("lineage.families", "9223372036854775807"),
    ("lineage.seed", "-1"), ("lineage.scoreLayers", "\"\""), ("inputs", "[1]"),
  ])
  func settingsOutOfRangeAreNamed(setting: String, json: String) throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    try set(setting, json, of: run)
    for command in [["resume", run], ["query", run, "\(models)/child0"]] {
      let output = try Program.run(Program.modeltree, command)
      #expect(output.status == 65, "\(command): \(output.status) \(output.stderr)")
      #expect(output.stderr.contains("\(run)/journal.sqlite"), "\(output.stderr)")
      #expect(output.stderr.contains("'\(setting)") && output.stderr.contains("--redo"), "\(output.stderr)")
    }
  }

  /// Before, who sends a run directory chose a folder that the receiver's `resume` made and wrote to.
  @Test func aRegistryThatOnlyTheJournalNamesIsNotMade() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run, "--pairs", "sections").status == 0)
    let elsewhere = scratch.at("elsewhere")
    try set("registry", "\"\(elsewhere)\"", of: run)
    let output = try modeltree("resume", run)
    #expect(output.status == 65, "\(output.status) \(output.stderr)")
    #expect(output.stderr.contains(elsewhere) && output.stderr.contains("--registry"), "\(output.stderr)")
    #expect(!FileManager.default.fileExists(atPath: elsewhere))
    try scratch.write("mine", to: "elsewhere/notes")
    #expect(try modeltree("resume", run).status == 65)
    #expect(try scratch.names(in: "elsewhere") == ["notes"])
  }

  @Test func aRunWithARegistryIsResumedAndTheRegistryLeftAsItIs() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let (run, known) = (scratch.at("run"), scratch.at("known"))
    #expect(try modeltree("recover", models, "--out", run, "--pairs", "sections", "--registry", known).status == 0)
    let tree = try scratch.read("run/tree.json")
    func expectTheSameTree(_ output: Program.Output) throws {
      #expect(output.status == 0, "\(output.stderr)")
      #expect(try scratch.read("run/tree.json") == tree)
    }
    try expectTheSameTree(try modeltree("resume", run))
    // One that has not all of them.
    try scratch.remove("known")
    #expect(try modeltree("fingerprint", "\(models)/child0", "--registry", known).status == 0)
    let list = try modeltree("registry", "list", known).stdout
    try expectTheSameTree(try modeltree("resume", run))
    #expect(try modeltree("registry", "list", known).stdout == list)
    // None: it is made where somebody says so.
    try scratch.remove("known")
    #expect(try modeltree("resume", run).status == 65)
    #expect(!FileManager.default.fileExists(atPath: known))
    try expectTheSameTree(try modeltree("resume", run, "--registry", known))
    #expect(try modeltree("registry", "check", known).status == 0)
  }
}
