import Foundation
import System
import Testing

/// Files in whose place somebody may have put something else.
@Suite struct RegularFileTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("regular-\(UUID().uuidString)")
    .path

  init() throws {
    let files = FileManager.default
    try files.createDirectory(atPath: "\(folder)/folder", withIntermediateDirectories: true)
    try Data("text".utf8).write(to: URL(fileURLWithPath: "\(folder)/file"))
    #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
    for name in ["file", "pipe", "nowhere"] {
      try files.createSymbolicLink(atPath: "\(folder)/to-\(name)", withDestinationPath: "\(folder)/\(name)")
    }
  }

  private func problem(_ name: String, _ access: RegularFile.Access) -> RegularFile.Problem? {
    do throws(RegularFile.Problem) {
      close(try RegularFile.open(name.hasPrefix("/") ? name : "\(folder)/\(name)", for: access))
      return nil
    } catch {
      return error
    }
  }

  @Test func onlyRegularFilesAreRead() {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(problem("file", .reading) == nil && problem("to-file", .reading) == nil)
    #expect(problem("pipe", .reading) == .other("a pipe") && problem("to-pipe", .reading) == .other("a pipe"))
    #expect(problem("folder", .reading) == .other("a folder"))
    #expect(problem("/dev/zero", .reading) == .other("a device"))
    #expect(problem("to-nowhere", .reading) == .missing && problem("nowhere/at/all", .reading) == .missing)
  }

  @Test(arguments: [RegularFile.Access.writing, .appending])
  func nothingIsWrittenThroughALink(_ access: RegularFile.Access) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(problem("file", access) == nil && problem("new", access) == nil)
    #expect(FileManager.default.contents(atPath: "\(folder)/file") == Data("text".utf8))
    #expect(FileManager.default.contents(atPath: "\(folder)/new") == Data())
    #expect(problem("pipe", access) == .other("a pipe") && problem("/dev/null", access) == .other("a device"))
    for link in ["to-file", "to-pipe", "to-nowhere"] { #expect(problem(link, access) == .other("a link")) }
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/nowhere"))
  }
}
