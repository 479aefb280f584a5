import Checkpoints
import Coordination
import Core
import Foundation
import Graph
import Journal
import Lineage
import Monitoring
import Planning
import Recovery
import Storage
import System
import Testing
import TestSupport

/// The folder of a run belongs to one coordinator and to one question.
struct RunDirectoryTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func aDirectoryIsHeldForAsLongAsTheObjectLives() throws {
    let path = folder.at("run")
    var first: RunDirectory? = try RunDirectory(path: path, redo: false)
    #expect(FolderLock.isHeld(RunDirectory.lockName, in: path))
    let error = try #require(thrown { _ = try RunDirectory(path: path, redo: false) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains("another coordinator is working on '\(path)'"))
    withExtendedLifetime(first) {}
    first = nil
    #expect(!FolderLock.isHeld(RunDirectory.lockName, in: path))
    _ = try RunDirectory(path: path, redo: false)
  }

  @Test func redoForgetsWhatARunWroteAndNothingElse() throws {
    let own = ["journal.sqlite", "run.json", "results.h5", "tree.json", "edges.csv", "hints.csv", "status.json"]
    for name in own { try folder.write("old", to: "run/\(name)") }
    try folder.write("old", to: "run/store/m.h5")
    try folder.write("mine", to: "run/notes.txt")
    let directory = try RunDirectory(path: folder.at("run"), redo: true)
    #expect(try folder.names(in: "run") == [".lock", "notes.txt", "run.log"])
    withExtendedLifetime(directory) {}
  }

  @Test func aFolderOfSomethingElseIsRefusedAndNamesWhatItHolds() throws {
    try folder.write("x", to: "thesis/chapter1.tex")
    let error = try #require(thrown { _ = try RunDirectory(path: folder.at("thesis"), redo: true) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains("it holds 'chapter1.tex'"))
    #expect(try folder.names(in: "thesis") == ["chapter1.tex"])
  }

  @Test func aFileIsNotADirectory() throws {
    try folder.write("x", to: "file")
    let error = try #require(thrown { _ = try RunDirectory(path: folder.at("file/run"), redo: false) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains("'\(folder.at("file/run"))'"))
  }

  @Test func whatAKilledCoordinatorBeganToWriteIsRemoved() throws {
    try folder.write("x", to: "run/journal.sqlite")
    try folder.write("half", to: "run/tree.json.writing-1")
    try folder.write("half", to: "run/.store-new/m.h5")
    let directory = try RunDirectory(path: folder.at("run"), redo: false)
    #expect(try folder.names(in: "run") == [".lock", "journal.sqlite", "run.log"])
    withExtendedLifetime(directory) {}
  }

  @Test func aRunOfAnotherFormatIsRefusedWithBothVersions() throws {
    let run = ComputedRun(folder: folder)
    let invocation = Invocation(inputs: [try folder.makeFamily()], lineage: LineageOptions())
    let directory = try RunDirectory(path: folder.at("run"), redo: false)
    let comparison = try run.open(invocation, directory)
    var older = comparison.identity
    older.parts["run format"] = "0"
    try comparison.journal.set([Journal.identitySetting: JSONText.of(older)])
    let error = try #require(thrown { _ = try run.open(invocation, directory) })
    #expect(error.kind == .cannotWrite)
    #expect(error.message.contains("run format: the run has 0, this command gives \(Version.runFormat)"))
    #expect(error.advice.contains("--redo"))
  }

  @Test func aFolderWithoutAJournalIsNotARun() throws {
    let error = try #require(thrown { try RunFiles.require(folder.path) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("is not a run directory"))
  }

  @Test func aRunThatStoppedBeforeItsPlanHasNoCommandToRepeat() throws {
    _ = try Journal(path: folder.at("journal.sqlite"))
    let error = try #require(thrown { _ = try RunFiles.invocation(folder.at("journal.sqlite")) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("stopped before it had a plan"))
  }
}

/// The failure of a closure; nil when it succeeds.
func thrown(_ body: () throws -> Void) -> Failure? { failure(of: body) }
