package import Foundation
internal import Glibc

/// Files that are either complete or absent: written under a temporary name, synced, then renamed.
package enum AtomicFile {
  /// Writes UTF-8 text.
  ///
  /// - Throws: `Failure` (cannot write), naming the file.
  package static func write(_ text: String, to path: String) throws(Failure) {
    try write(Data(text.utf8), to: path)
  }

  /// - Parameters:
  ///   - data: the whole contents.
  ///   - path: the final name; its folder must exist.
  ///   - permissions: nil means 0666 less the user's mask.
  /// - Throws: `Failure` (cannot write), naming the file.
  package static func write(_ data: Data, to path: String, permissions: mode_t? = nil) throws(Failure) {
    let temporary = temporaryName(for: path)
    // What a process of the same number has left, or somebody has put there to have it written through.
    unlink(temporary)
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions ?? 0o666)
    guard file >= 0 else { throw failed("create", temporary) }
    var code: Int32 = 0
    if let permissions, fchmod(file, permissions) != 0 { code = errno }
    if code == 0, !data.withUnsafeBytes({ writeAll($0, to: file) }) { code = errno }
    if code == 0, fsync(file) != 0 { code = errno }
    close(file)
    guard code == 0 else {
      unlink(temporary)
      throw failed("write", path, code)
    }
    try commit(temporary, as: path)
  }

  /// The sibling that a writer fills before `commit`.
  package static func temporaryName(for path: String) -> String { "\(path)\(mark)\(getpid())" }

  /// Whether the name is that of a file that a writer has not finished, or never will.
  package static func isTemporary(_ name: String) -> Bool { name.contains(mark) }

  private static let mark = ".writing-"

  /// Removes what writers that were killed have left in a folder. The caller must know that nobody writes there.
  package static func removeLeftovers(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where isTemporary(name) {
      unlink("\(folder)/\(name)")
    }
  }

  /// Renames a finished temporary file to its final name, durably. Both names must be in one folder.
  package static func commit(_ temporary: String, as path: String) throws(Failure) {
    guard sync(temporary), rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw failed("write", path, code)
    }
    // The new name is an entry of the folder, so the folder is synced too. Where folders cannot be synced, a power
    // failure may lose the name, but the file is complete all the same.
    _ = sync((path as NSString).deletingLastPathComponent)
  }

  /// - Returns: false with `errno` set.
  private static func sync(_ path: String) -> Bool {
    let file = open(path.isEmpty ? "." : path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    let status = fsync(file)
    let code = errno
    close(file)
    errno = code
    return status == 0
  }

  private static func failed(_ verb: String, _ path: String, _ code: Int32 = errno) -> Failure {
    .cannotWrite(
      "cannot \(verb) '\(path.printable)': \(String(cString: strerror(code)))",
      advice: code == ENOSPC
        ? "free some space and run the same command again" : "choose a folder that you may write to")
  }
}
