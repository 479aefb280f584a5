public import Foundation
internal import Glibc

/// Files that are either whole or not there: written beside their final name, synced, renamed.
public enum AtomicFile {
  public static func write(_ text: String, to path: String) throws(Failure) {
    try write(Data(text.utf8), to: path)
  }

  public static func write(_ data: Data, to path: String) throws(Failure) {
    let temporary = temporaryName(for: path)
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw failed("create", temporary) }
    var code: Int32 = 0
    data.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty, code == 0 {
        let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 {
          code = errno == EINTR ? 0 : errno
        } else {
          rest = rest.dropFirst(count)
        }
      }
    }
    if code == 0, fsync(file) != 0 { code = errno }
    close(file)
    guard code == 0 else {
      unlink(temporary)
      throw failed("write", path, code)
    }
    try commit(temporary, as: path)
  }

  /// The sibling that a writer fills before `commit`.
  public static func temporaryName(for path: String) -> String { "\(path).writing-\(getpid())" }

  /// Makes a finished temporary file the real one; both are in one folder.
  public static func commit(_ temporary: String, as path: String) throws(Failure) {
    let file = open(temporary, O_RDONLY | O_CLOEXEC)
    if file >= 0 {
      fsync(file)
      close(file)
    }
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw failed("write", path, code)
    }
  }

  private static func failed(_ verb: String, _ path: String, _ code: Int32 = errno) -> Failure {
    .cannotWrite(
      "cannot \(verb) '\(path.printable)': \(String(cString: strerror(code)))",
      advice: code == ENOSPC
        ? "free some space and run the same command again" : "choose a folder that you may write to")
  }
}
