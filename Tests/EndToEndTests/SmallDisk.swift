import Foundation
import TestPrograms
import TestSupport

/// A small disk of its own (tmpfs), which can be full or closed to writing.
final class SmallDisk {
  let path: String

  init(_ path: String, kilobytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Self.mount(["-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", path])
  }

  deinit { _ = try? Program.run("/bin/umount", ["-l", path]) }

  func resize(kilobytes: Int) throws { try Self.mount(["-o", "remount,size=\(kilobytes)k", path]) }

  func closeToWriting() throws { try Self.mount(["-o", "remount,ro", path]) }

  private static func mount(_ arguments: [String]) throws {
    let output = try Program.run("/bin/mount", arguments)
    guard output.status == 0 else { throw DiskError(text: output.stderr) }
  }

  static let missing = "needs the right to mount a tmpfs"

  static let isAllowed: Bool = {
    guard let scratch = try? TemporaryFolder() else { return false }
    return (try? SmallDisk(scratch.at("disk"), kilobytes: 64)) != nil
  }()
}

private struct DiskError: Error {
  var text: String
}
