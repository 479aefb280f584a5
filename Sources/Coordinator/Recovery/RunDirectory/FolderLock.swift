import Core
import Glibc
package import System

/// A folder held by this program alone, for as long as this object lives; the system lets go of it when the
/// program ends, however it ends.
package final class FolderLock {
  private let file: LockFile

  /// - Parameters:
  ///   - name: of the file in the folder that is locked.
  ///   - path: of the folder.
  ///   - folder: what it is, for people, as "the run directory".
  ///   - holder: who else may hold it, as "another coordinator".
  /// - Throws: `Failure`: the folder cannot be written to, or somebody holds it.
  package init(_ name: String, in path: String, folder: String, holder: String) throws(Failure) {
    file = try LockFile(name, in: path, of: folder)
    let code = file.tryLock()
    guard code == 0 else {
      guard code == EWOULDBLOCK else {
        throw .cannotWrite(
          "cannot lock \(folder) '\(path.printable)': \(String(cString: strerror(code)))",
          advice: "put it on a file system that has locks")
      }
      throw .cannotWrite(
        "\(holder) is working on '\(path.printable)'",
        advice: "wait for it ('modeltree status' shows its progress), or stop it first")
    }
  }

  /// Does somebody hold it? Nobody holds what is no file, or a link.
  package static func isHeld(_ name: String, in path: String) -> Bool {
    let lock = "\(path)/\(name)"
    guard !FileStatus.isLink(lock), let file = try? RegularFile.open(lock, for: .reading) else { return false }
    defer { close(file) }
    return flock(file, LOCK_SH | LOCK_NB) != 0
  }
}
