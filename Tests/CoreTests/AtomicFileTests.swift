import Core
import Foundation
import System
import Testing

@Suite struct AtomicFileTests {
  /// A folder of its own, removed afterwards.
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("modeltree-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test func theFileIsWholeAndTheOnlyOne() throws {
    try withFolder { folder in
      let path = folder.appendingPathComponent("tree.json").path
      try AtomicFile.write("first", to: path)
      let large = Data((0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      try AtomicFile.write(large, to: path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == large)
      try AtomicFile.write("", to: path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)).isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["tree.json"])
    }
  }

  @Test func aFolderThatCannotBeWrittenIsACannotWriteFailure() throws {
    try withFolder { folder in
      let file = folder.appendingPathComponent("file").path
      try AtomicFile.write("x", to: file)
      for path in ["\(folder.path)/none/tree.json", "\(file)/tree.json", "/proc/tree.json"] {
        let failure = #expect(throws: Failure.self) { try AtomicFile.write("text", to: path) }
        #expect(failure?.kind == .cannotWrite)
        #expect(failure?.exitCode == 73)
        #expect(failure?.message.contains(path) == true)
        #expect(failure?.advice.isEmpty == false)
      }
    }
  }

  @Test func aFailedCommitKeepsTheOldFileAndLeavesNoTemporary() throws {
    try withFolder { folder in
      let target = folder.appendingPathComponent("taken")
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
      try Data("old".utf8).write(to: target.appendingPathComponent("inside"))
      let failure = #expect(throws: Failure.self) { try AtomicFile.write("new", to: target.path) }
      #expect(failure?.kind == .cannotWrite)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
      #expect(FileManager.default.fileExists(atPath: target.path + "/inside"))
    }
  }

  @Test func commitMakesTheTemporaryTheRealOne() throws {
    try withFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let temporary = AtomicFile.temporaryName(for: path)
      #expect(URL(fileURLWithPath: temporary).deletingLastPathComponent().path == folder.path)
      try Data("weights".utf8).write(to: URL(fileURLWithPath: temporary))
      #expect(!FileManager.default.fileExists(atPath: path))
      try AtomicFile.commit(temporary, as: path)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "weights")
      #expect(!FileManager.default.fileExists(atPath: temporary))
      #expect(throws: Failure.self) { try AtomicFile.commit(temporary, as: path) }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "weights")
    }
  }

  /// A reader that has the old file open keeps it whole: the new one never grows in its place.
  @Test func whoReadsTheOldFileReadsOn() throws {
    try withFolder { folder in
      let path = folder.appendingPathComponent("results").path
      let old = String(repeating: "old", count: 100_000)
      try AtomicFile.write(old, to: path)
      let reader = try #require(FileHandle(forReadingAtPath: path))
      try AtomicFile.write("new", to: path)
      #expect(try reader.readToEnd() == Data(old.utf8))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    }
  }
}
