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
    let path = "\(folder)/\(Self.name)"
    do throws(RegularFile.Problem) {
      file = try RegularFile.open(path, for: .writing)
    } catch {
      throw .cannotWrite(
        "cannot lock the registry '\(folder.printable)': '\(path.printable)': \(error)",
        advice: error.advice(orElse: "see that the folder may be written to"))
    }
    var code: Int32 = 0
    while code == 0, flock(file, LOCK_EX) != 0 { if errno != EINTR { code = errno } }
    guard code == 0 else {
      throw .cannotWrite(
        "cannot lock the registry '\(folder.printable)': \(String(cString: strerror(code)))",
        advice: "see that the folder may be written to, and that its file system has locks")
    }
  }

  deinit { close(file) }
}
