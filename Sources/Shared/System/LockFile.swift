internal import Glibc

/// A file that programs lock to keep others out of a folder; the system lets go of it when a program ends, however it
/// ends.
package final class LockFile: Sendable {
  private let file: Int32

  /// Opens or makes the file, without locking it.
  ///
  /// - Parameters:
  ///   - name: of the file in the folder.
  ///   - folder: its path.
  ///   - noun: what the folder is, for people, as "the registry".
  /// - Throws: `Failure` (cannot write) when the folder may not be written to, or something else has the name.
  package init(_ name: String, in folder: String, of noun: String) throws(Failure) {
    let path = "\(folder)/\(name)"
    do throws(RegularFile.Problem) {
      file = try RegularFile.open(path, for: .writing)
    } catch {
      throw .cannotWrite(
        "cannot write to \(noun) '\(folder.printable)': '\(path.printable)': \(error)",
        advice: error.advice(orElse: "name a folder that you may write to"))
    }
  }

  deinit { close(file) }

  /// Waits until nobody else has it.
  ///
  /// - Returns: 0, or the error number of a file system without locks.
  package func lock() -> Int32 {
    while flock(file, LOCK_EX) != 0 { if errno != EINTR { return errno } }
    return 0
  }

  /// - Returns: 0, `EWOULDBLOCK` where somebody else has it, or another error number.
  package func tryLock() -> Int32 { flock(file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno }
}
