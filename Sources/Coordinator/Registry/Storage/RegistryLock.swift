internal import Glibc
internal import System

/// The right to write to a registry, for as long as this object lives. Whoever comes second waits.
final class RegistryLock {
  private let file: LockFile

  /// The name of the file that is locked.
  static let name = "lock"

  /// - Parameter folder: path of a registry, which may still have to be made.
  /// - Throws: `Failure` (cannot write) when the folder may not be written to.
  init(_ folder: String) throws(Failure) {
    file = try LockFile(Self.name, in: folder, of: "the registry")
    let code = file.lock()
    guard code == 0 else {
      throw .cannotWrite(
        "cannot lock the registry '\(folder.printable)': \(String(cString: strerror(code)))",
        advice: "check that the folder may be written to, and that its file system has locks")
    }
  }
}
