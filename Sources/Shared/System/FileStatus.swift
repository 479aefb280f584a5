internal import Glibc

/// What the system says of a path, after following links.
package struct FileStatus: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case file
    case folder
    /// Neither: what it is, for messages.
    case special(String)
  }

  /// Equal for all paths that lead to the same file or folder.
  package struct Identity: Sendable, Hashable {
    private let device: UInt64
    private let inode: UInt64

    fileprivate init(_ status: stat) {
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
    }
  }

  package let kind: Kind
  package let identity: Identity
  /// Length of a file; of anything else whatever the system says.
  package let bytes: Int

  /// - Returns: nil when the path leads nowhere, or nothing may be known of it; `errno` says why.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// - Returns: nil when the descriptor is not open.
  package init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    identity = Identity(status)
    bytes = Int(status.st_size)
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFIFO: .special("a pipe")
      case S_IFSOCK: .special("a socket")
      case S_IFCHR, S_IFBLK: .special("a device")
      default: .special("a special file")
      }
  }

  /// Is it a folder?
  package static func isFolder(_ path: String) -> Bool { FileStatus(path: path)?.kind == .folder }

  /// Is the path itself a link, wherever it leads?
  package static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// What a path is instead of a regular file; nil for a regular file and for a path that leads nowhere.
  package static func otherThanFile(_ path: String) -> String? {
    switch FileStatus(path: path)?.kind {
    case .file, nil: nil
    case .folder: "a folder"
    case .special(let what): what
    }
  }
}
