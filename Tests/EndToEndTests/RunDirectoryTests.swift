import Foundation
import TestPrograms
import TestSupport
import Testing

@Suite struct RunDirectoryTests {
  private func modeltree(_ arguments: String...) throws -> Program.Output {
    try Program.run(Program.modeltree, arguments)
  }

  @Test func aFinishedRunIsNotComputedAgainAndOtherOptionsOnlySolve() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    let again = try modeltree("recover", models, "--out", run, "--stage", "generalization", "--lambda", "1")
    #expect(again.status == 0)
    #expect(again.stderr.contains("no weight is read again"), "\(again.stderr)")
  }

  /// A worker that cannot be: a run that asks for one fails.
  private let noWorkers = ["MODELTREE_WORKER": "/bin/false"]

  @Test func aFinishedRunIsRecognisedBeforeAnyWorkerIsAsked() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    let before = try results(run)
    for command in [["resume", run], ["recover", models, "--out", run, "--memory", "1kB"]] {
      let again = try Program.run(Program.modeltree, command, environment: noWorkers)
      #expect(again.status == 0, "\(again.stderr)")
      #expect(try results(run) == before)
    }
    let other = try Program.run(
      Program.modeltree, ["recover", models, "--out", run, "--families", "2"], environment: noWorkers)
    #expect(other.status == 0, "\(other.stderr)")
    #expect(try results(run) != before)
    let unfinished = try Program.run(
      Program.modeltree, ["recover", models, "--out", scratch.at("x")], environment: noWorkers)
    #expect(unfinished.status == 75, "without workers nothing can be computed")
  }

  @Test func aRunThatEndedBeforeItsTreeWasWrittenIsOnlySolved() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    // Where the tree should go there is something that no file can replace.
    try FileManager.default.createDirectory(atPath: "\(run)/tree.json/x", withIntermediateDirectories: true)
    let blocked = try modeltree("recover", models, "--out", run)
    #expect(blocked.status == 73)
    #expect(blocked.stderr.contains("tree.json"), "\(blocked.stderr)")
    try FileManager.default.removeItem(atPath: "\(run)/tree.json")
    let solved = try Program.run(Program.modeltree, ["resume", run], environment: noWorkers)
    #expect(solved.status == 0, "\(solved.stderr)")
    #expect(try results(run) == scratch.undisturbed(models))
  }

  @Test func whatAKilledCoordinatorBeganToWriteIsRemoved() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    for name in ["tree.json.writing-1", "results.h5.writing-77"] { try scratch.write("half", to: "run/\(name)") }
    #expect(try modeltree("resume", run).status == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: run)
    #expect(!names.contains { $0.contains("writing") }, "\(names)")
  }

  @Test func theStoresOfARunAreModelsThemselves() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(tensors: 40)
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(run)/store").sorted()
    #expect(names == ["child0.h5", "child1.h5", "child2.h5", "root.h5"])
    let again = scratch.at("again")
    #expect(try modeltree("recover", "\(run)/store", "--out", again).status == 0)
    for file in ["results.h5", "edges.csv"] {
      #expect(FileManager.default.contentsEqual(atPath: "\(run)/\(file)", andPath: "\(again)/\(file)"), "\(file)")
    }
  }

  @Test func h5pyReadsEveryTensorOfWhatImportMakes() throws {
    struct Store: Decodable {
      struct Tensor: Decodable { var external: Bool }
      var tensors: [Tensor]
    }
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(tensors: 40)
    let stores = scratch.at("stores")
    #expect(try modeltree("import", models, "--store", stores).status == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: stores).sorted()
    #expect(names == ["child0.h5", "child1.h5", "child2.h5", "root.h5"])
    for name in names {
      let output = try Program.oracle("stores", ["\(stores)/\(name)"])
      #expect(output.status == 0, "\(output.stderr)")
      let store = try JSONDecoder().decode(Store.self, from: Data(output.stdout.utf8))
      #expect(store.tensors.count >= 40)
      #expect(store.tensors.allSatisfy { $0.external })
    }
  }

  @Test func weightsThatChangedBehindAnUnchangedTimeAreNoticed() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    let path = "\(models)/child1/model.safetensors"
    try Program.run("/bin/cp", ["-p", path, scratch.at("before")])
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    let end = try file.seekToEnd()
    try file.seek(toOffset: end - 100)
    try file.write(contentsOf: Data([1]))
    try file.close()
    try Program.run("/usr/bin/touch", ["-r", scratch.at("before"), path])
    let refused = try modeltree("resume", run)
    #expect(refused.status == 73)
    #expect(refused.stderr.contains("model 'child1': the run has 1 file"), "\(refused.stderr)")
  }

  @Test func otherInputsAreRefusedWithBothValuesAndRedoStartsOver() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    #expect(try modeltree("recover", models, "--out", run).status == 0)
    let before = try Data(contentsOf: URL(fileURLWithPath: "\(run)/tree.json"))
    try Recipe.make([Recipe(folder: "\(models)/child1", seed: 99, parent: "\(models)/root")])
    let refused = try modeltree("recover", models, "--out", run)
    #expect(refused.status == 73)
    #expect(refused.stderr.contains("model 'child1': the run has 1 file"), "\(refused.stderr)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(run)/tree.json")) == before)
    let redone = try modeltree("recover", models, "--out", run, "--redo")
    #expect(redone.status == 0)
    #expect(redone.stdout.contains("child1"))
  }

  @Test func aSecondCoordinatorIsRefused() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    let first = try Running(
      Program.modeltree, ["coordinate", models, "--out", run, "--listen", "tcp://127.0.0.1:*"])
    #expect(first.waitForError("listening on"))
    let second = try modeltree("recover", models, "--out", run)
    #expect(second.status == 73)
    #expect(second.stderr.contains("another coordinator"))
    #expect(try modeltree("status", run, "--json").stdout.contains("\"state\" : \"running\""))
    first.send(SIGTERM)
    #expect(first.wait() == 75)
  }

  @Test(arguments: zip([SIGINT, SIGTERM], [Int32(130), 75]))
  func aSignalStopsCleanlyAndSaysHowToGoOn(_ signal: Int32, _ code: Int32) throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let run = scratch.at("run")
    let coordinator = try Running(
      Program.modeltree, ["coordinate", models, "--out", run, "--listen", "tcp://127.0.0.1:*"])
    #expect(coordinator.waitForError("listening on"))
    coordinator.send(signal)
    #expect(coordinator.wait() == code)
    #expect(coordinator.stderr.contains("modeltree resume \(run)"), "\(coordinator.stderr)")
    #expect(try modeltree("status", run, "--json").stdout.contains("\"stopped\""))
    #expect(try modeltree("resume", run).status == 0)
    #expect(try modeltree("status", run).stdout.contains("finished"))
  }

  @Test func aFolderWithSomethingElseInItIsNotTouched() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    try FileManager.default.createDirectory(
      atPath: scratch.at("photos"), withIntermediateDirectories: true)
    try scratch.write("dear", to: "photos/letter.txt")
    for extra in [[], ["--redo"]] {
      let output = try Program.run(
        Program.modeltree, ["recover", models, "--out", scratch.at("photos")] + extra)
      #expect(output.status == 73)
      #expect(output.stderr.contains("letter.txt"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.at("photos")) == ["letter.txt"])
  }

  @Test func anOutputThatCannotBeMadeIsRefused() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    try scratch.write("", to: "file")
    let output = try modeltree("recover", models, "--out", scratch.at("file/run"))
    #expect(output.status == 73)
    #expect(output.stderr.contains("file/run"))
  }

  @Test func plainTcpOnANetworkNeedsToBeAskedFor() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let output = try modeltree(
      "coordinate", models, "--out", scratch.at("run"), "--listen", "tcp://0.0.0.0:5999")
    #expect(output.status == 64)
    #expect(output.stderr.contains("--insecure"))
  }

  @Test func strayBytesOnThePortDoNoHarm() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let coordinator = try Running(
      Program.modeltree,
      ["coordinate", models, "--out", scratch.at("run"), "--listen", "tcp://127.0.0.1:*"])
    #expect(coordinator.waitForError("listening on"))
    let endpoint = try #require(coordinator.stderr.firstMatch(of: /--connect tcp:\/\/127.0.0.1:(\d+)/)).1
    let script = """
      import os, socket
      for size in (1, 10, 64, 1000, 100000):
          with socket.create_connection(("127.0.0.1", \(endpoint))) as s:
              s.sendall(os.urandom(size))
      """
    #expect(try Program.run(Program.python, ["-c", script]).status == 0)
    let worker = try Running(Program.worker, ["--connect", "tcp://127.0.0.1:\(endpoint)"])
    #expect(coordinator.wait() == 0, "\(coordinator.stderr)")
    #expect(worker.wait() == 0, "\(worker.stderr)")
  }
}
