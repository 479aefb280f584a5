import Foundation
import Glibc
import TestPrograms
import TestSupport
import Testing

/// What goes wrong with models gets a clear error or a visible note, never a silent wrong tree.
@Suite struct BadInputTests {
  private func recover(_ scratch: TemporaryFolder, _ arguments: String...) throws -> Program.Output {
    try Program.run(Program.modeltree, ["recover", "--out", scratch.at("run")] + arguments)
  }

  @Test func aPathThatDoesNotExist() throws {
    let scratch = try TemporaryFolder()
    let output = try recover(scratch, "/no/such/models")
    #expect(output.status == 65)
    #expect(output.stderr.contains("'/no/such/models' does not exist"))
  }

  @Test func anEmptyFolder() throws {
    let scratch = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: scratch.at("empty"), withIntermediateDirectories: true)
    let output = try recover(scratch, scratch.at("empty"))
    #expect(output.status == 65)
    #expect(output.stderr.contains("holds no model"))
  }

  /// Pipes, devices and links in circles are named at once: nobody is waited for, nothing is searched for ever.
  @Test(arguments: ["plan", "recover"])
  func whatIsNotAFileIsNamedAndNotWaitedFor(_ command: String) throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    try FileManager.default.createDirectory(atPath: "\(models)/pipe", withIntermediateDirectories: true)
    #expect(mkfifo("\(models)/pipe/model.safetensors", 0o600) == 0)
    #expect(mkfifo("\(models)/store.h5", 0o600) == 0)
    for number in 0..<12 {
      try FileManager.default.createSymbolicLink(atPath: "\(models)/link\(number)", withDestinationPath: ".")
    }
    let options = command == "recover" ? ["--out", scratch.at("run")] : []
    let found = try Program.run(Program.modeltree, [command, models] + options)
    #expect(found.status == 0, "\(found.stderr)")
    let said = found.stdout + found.stderr
    #expect(said.contains("/pipe/model.safetensors' is a pipe"), "\(said)")
    #expect(said.contains("/store.h5: skipped: it is a pipe"), "\(said)")
    #expect(said.contains("/link11: given twice"), "\(said)")
    let named = try Program.run(Program.modeltree, [command, "\(models)/root", "\(models)/pipe"] + options)
    #expect(named.status == 65)
    #expect(named.stderr.contains("/pipe/model.safetensors' is a pipe"), "\(named.stderr)")
  }

  /// `recover . --out ./run`, twice.
  @Test func aRunDirectoryAmongTheModelsIsNotAModel() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    for _ in 0..<2 {
      let output = try Program.run(Program.modeltree, ["recover", models, "--out", "\(models)/run"])
      #expect(output.status == 0, "\(output.stderr)")
      #expect(output.stdout.contains("family 0: 4 models"), "\(output.stdout)")
      #expect(!output.stderr.contains("note: "), "\(output.stderr)")
    }
  }

  @Test func aTruncatedModelIsNamedAndInAFolderSetAside() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let file = "\(models)/child1/model.safetensors"
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
    try handle.truncate(atOffset: 5000)
    try handle.close()
    let named = try recover(scratch, "\(models)/root", "\(models)/child1")
    #expect(named.status == 65)
    #expect(named.stderr.contains("child1/model.safetensors") && named.stderr.contains("cut off"))
    let found = try recover(scratch, models)
    #expect(found.status == 0)
    #expect(found.stderr.contains("note: child1: skipped"))
    #expect(!found.stdout.contains("─ child1"))
    let tree = try String(contentsOfFile: scratch.at("run/tree.json"), encoding: .utf8)
    #expect(tree.contains("child1: skipped"), "the note is part of the result")
  }

  @Test func aModelWithNaNInATensorKeepsItsPlaceWithANote() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    try Recipe.make([
      Recipe(folder: "\(models)/broken", seed: 5, parent: "\(models)/root", poison: "nan")
    ])
    let output = try recover(scratch, models)
    #expect(output.status == 0, "\(output.stderr)")
    #expect(output.stderr.contains("note: broken: 1 NaN or infinite weight in 1 tensor"), "\(output.stderr)")
    #expect(output.stdout.contains("family 0: 5 models"), "\(output.stdout)")
  }

  @Test func aSingleModelHasNothingToCompareWith() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily(children: 0)
    let output = try recover(scratch, models)
    #expect(output.status == 65)
    #expect(output.stderr.contains("at least two"))
  }

  @Test func modelsWithNothingInCommonBecomeFamiliesOfOne() throws {
    let scratch = try TemporaryFolder()
    try Recipe.make([
      Recipe(folder: scratch.at("models/a"), seed: 1, shape: [8, 8]),
      Recipe(folder: scratch.at("models/b"), seed: 2, shape: [9, 9]),
    ])
    let output = try recover(scratch, scratch.at("models"))
    #expect(output.status == 0, "\(output.stderr)")
    #expect(output.stderr.contains("note: a: shares no tensor"))
    #expect(output.stdout.contains("family 1: 1 model"))
  }

  @Test func theSameWeightsTwiceAreKeptAsDuplicates() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    try FileManager.default.copyItem(atPath: "\(models)/child0", toPath: "\(models)/twin")
    let output = try recover(scratch, models)
    #expect(output.status == 0)
    #expect(output.stdout.contains("twin  (duplicate)"), "\(output.stdout)")
    let tree = try String(contentsOfFile: scratch.at("run/tree.json"), encoding: .utf8)
    #expect(tree.contains("\"duplicate_of\" : \"child0\""))
  }

  @Test func theSamePathTwiceIsUsedOnceAndOneIdTwiceIsMadeUnique() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    try FileManager.default.createDirectory(atPath: scratch.at("other"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(models)/child0", toPath: scratch.at("other/root"))
    let output = try recover(scratch, models, "\(models)/child1", scratch.at("other"))
    #expect(output.status == 0, "\(output.stderr)")
    #expect(output.stderr.contains("given twice"))
    #expect(output.stdout.contains("models/root") && output.stdout.contains("other/root"))
  }

  @Test func integerTensorsAreSetAsideWithOneNote() throws {
    let scratch = try TemporaryFolder()
    let root = Recipe(folder: scratch.at("models/a"), seed: 1, integers: true)
    try Recipe.make([
      root, Recipe(folder: scratch.at("models/b"), seed: 2, integers: true),
    ])
    let output = try recover(scratch, scratch.at("models"))
    #expect(output.status == 0)
    #expect(output.stderr.contains("note: I64: 2 tensors of 2 models skipped, such as 'steps'"))
  }

  @Test func aWrapperPrefixDoesNotHideRelatives() throws {
    let scratch = try TemporaryFolder()
    let root = Recipe(folder: scratch.at("models/a"), seed: 1)
    try Recipe.make([root, Recipe(folder: scratch.at("models/b"), seed: 1, prefix: "module.model.")])
    let output = try recover(scratch, scratch.at("models"))
    #expect(output.stdout.contains("family 0: 2 models"), "\(output.stdout)")
  }

  @Test func hdf5ThatIsNotOursOrCutOff() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    _ = try Program.run(Program.modeltree, ["import", models, "--store", scratch.at("stores"), "--copy"])
    let foreign = scratch.at("foreign.h5")
    _ = try Program.run(
      Program.python, ["-c", "import h5py; h5py.File('\(foreign)', 'w')['x'] = 'text'"])
    let alien = try recover(scratch, foreign, scratch.at("stores"))
    #expect(alien.status == 65)
    #expect(alien.stderr.contains("without arrays of numbers"))
    let cut = scratch.at("stores/root.h5")
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: cut))
    try handle.truncate(atOffset: 700)
    try handle.close()
    let output = try recover(scratch, cut, scratch.at("stores/child0.h5"))
    #expect(output.status == 65)
    #expect(output.stderr.contains("stores/root.h5"))
  }

  @Test func weightsThatChangedSinceTheImportAreNoticed() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    _ = try Program.run(Program.modeltree, ["import", models, "--store", scratch.at("stores")])
    try Recipe.make([Recipe(folder: "\(models)/root", seed: 77)])
    let output = try recover(scratch, scratch.at("stores/root.h5"), scratch.at("stores/child0.h5"))
    #expect(output.status == 65)
    #expect(output.stderr.contains("root/model.safetensors' has changed since the import"))
    try FileManager.default.removeItem(atPath: "\(models)/root/model.safetensors")
    let gone = try recover(scratch, scratch.at("stores/root.h5"), scratch.at("stores/child0.h5"))
    #expect(gone.status == 65)
    #expect(gone.stderr.contains("are gone since the import"))
  }

  @Test func aTruthFileThatNamesUnknownModels() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    try scratch.write(#"{"models": [{"id": "x", "parent": null}]}"#, to: "none.json")
    let none = try recover(scratch, models, "--truth", scratch.at("none.json"))
    #expect(none.status == 65)
    #expect(none.stderr.contains("no id in common"))
    try scratch.write(
      #"{"models": [{"id": "root", "parent": null}, {"id": "x", "parent": "root"}]}"#, to: "some.json")
    let some = try recover(scratch, models, "--truth", scratch.at("some.json"))
    #expect(some.status == 0)
    #expect(some.stderr.contains("names 1 model that is not in this run, such as 'x'"))
    let missing = try recover(scratch, models, "--truth", scratch.at("missing.json"))
    #expect(missing.status == 65)
  }

  @Test func optionsOutOfRangeAreUsageErrors() throws {
    let scratch = try TemporaryFolder()
    for bad in [
      ["--workers", "0"], ["--workers", "\(Int.max)"], ["--workers", "4097"], ["--worker-timeout", "\(Int.max)"],
      ["--memory", "much"], ["--lambda", "-1"], ["--families", "0"], ["--distance", "manhattan"], ["--stage", "late"],
    ] {
      let output = try Program.run(
        Program.modeltree, ["recover", "models", "--out", scratch.at("run")] + bad)
      #expect(output.status == 64, "\(bad)")
      #expect(output.stderr.contains(bad[0]), "\(bad): \(output.stderr)")
    }
    for bad in [["--threads", "0"], ["--threads", "\(Int.max)"], ["--patience", "0"], ["--patience", "\(Int.max)"]] {
      let output = try Program.run(Program.worker, ["--connect", "ipc://\(scratch.at("nobody"))"] + bad)
      #expect(output.status == 64, "\(bad)")
      #expect(output.stderr.contains("\(bad[0]) must be between 1 and"), "\(bad): \(output.stderr)")
    }
    for bad in [
      ["query", "run", "model", "--nearest"], ["batch", "jobs.yaml", "--at-once"],
      ["scan", "a", "--registry", "known", "--threads"],
    ] {
      let output = try Program.run(Program.modeltree, bad + ["\(Int.max)"])
      #expect(output.status == 64, "\(bad)")
      #expect(output.stderr.contains("must be between 1 and 4096"), "\(bad): \(output.stderr)")
    }
  }

  @Test func tooLittleMemoryIsSaidBeforeTheRun() throws {
    let scratch = try TemporaryFolder()
    let models = try scratch.makeFamily()
    let output = try recover(scratch, models, "--memory", "10kB")
    #expect(output.status == 64)
    #expect(output.stderr.contains("--memory"))
  }
}
