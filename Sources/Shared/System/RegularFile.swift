internal import Glibc

/// Opens files where somebody else may have put something in their place. Opening a pipe waits for its other end,
/// opening a device may do anything, and a link makes a program write where its author wants: so regular files alone are
/// opened, without waiting, and what the program itself writes is no link.
package enum RegularFile {
  package enum Access: Sendable {
    /// For reading, after following links.
    case reading
    /// For reading and writing anywhere; made where there is none, never through a link.
    case writing
    /// For writing at the end; made where there is none, never through a link.
    case appending
  }

  /// Why a file was not opened.
  package enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
    case missing
    /// What there is instead of a regular file, as "a pipe".
    case other(String)
    /// An error number of the system.
    case system(Int32)

    package var description: String {
      switch self {
      case .missing: "there is no such file"
      case .other(let what): "it is \(what), expected a regular file"
      case .system(let code): String(cString: strerror(code))
      }
    }

    /// What to do about a file that is to be written.
    ///
    /// - Parameter advice: where the system is what refuses.
    package func advice(orElse advice: String) -> String {
      if case .other = self { "move it away: modeltree keeps a file of its own there" } else { advice }
    }
  }

  /// - Returns: a descriptor that the caller closes; child programs do not get it.
  package static func open(_ path: String, for access: Access) throws(Problem) -> Int32 {
    let isOwn = access != .reading
    // Nothing else is even opened; what takes the file's place in between is found out below.
    if let what = otherwise(path, isOwn: isOwn) { throw .other(what) }
    let mode =
      switch access {
      case .reading: O_RDONLY
      case .writing: O_RDWR | O_CREAT | O_NOFOLLOW
      case .appending: O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW
      }
    let file = Glibc.open(path, mode | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o666)
    guard file >= 0 else {
      let code = errno
      if let what = otherwise(path, isOwn: isOwn) { throw .other(what) }
      throw code == ENOENT || code == ENOTDIR ? .missing : .system(code)
    }
    guard FileStatus(descriptor: file)?.kind == .file else {
      close(file)
      throw .other("no file by now")
    }
    return file
  }

  /// What a path is instead of a file that may be opened; nil where nothing is wrong, or nothing there.
  ///
  /// - Parameter isOwn: does the program write it? Then it must not be a link.
  package static func otherwise(_ path: String, isOwn: Bool) -> String? {
    if isOwn, FileStatus.isLink(path) { return "a link" }
    return FileStatus.otherThanFile(path)
  }
}
