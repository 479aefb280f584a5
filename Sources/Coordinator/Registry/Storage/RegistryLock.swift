internal import Glibc
internal import System

/// The right to write to a registry, for as long as this object lives. Whoever comes second waits; the system lets go of
/// it when a program ends, however it ends.
final class RegistryLock {
  private let file: Int32

  /// The name of the file that is locked.
  static let name = "lock"

  /// - Parameter folder: path of a registry, which may still have to be made.
  /// - Throws: `Failure` (cannot write) when the folder may not be written to.
  init(_ folder: String) throws(Failure) {
    file = open("\(folder)/\(Self.name)", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    var code: Int32 = file < 0 ? errno : 0
    while code == 0, flock(file, LOCK_EX) != 0 { if errno != EINTR { code = errno } }
    guard code == 0 else {
      throw .cannotWrite(
        "cannot lock the registry '\(folder.printable)': \(String(cString: strerror(code)))",
        advice: "see that the folder may be written to, and that its file system has locks")
    }
  }

  deinit { if file >= 0 { close(file) } }
}
