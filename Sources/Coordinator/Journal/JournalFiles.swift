internal import System

/// The files that SQLite opens by itself, waiting for ever where one is a pipe: looked at before it does.
enum JournalFiles {
  /// The database and what SQLite keeps beside it.
  private static let endings = ["", "-wal", "-shm", "-journal"]

  /// - Parameters:
  ///   - path: of the database.
  ///   - isWritten: are they opened for writing? Then none may be a link to a file elsewhere.
  /// - Throws: `Failure` (bad input) that names the file and what it is.
  static func check(_ path: String, isWritten: Bool) throws(Failure) {
    for name in endings.map({ path + $0 }) {
      guard let what = RegularFile.otherwise(name, isOwn: isWritten) else { continue }
      throw .badInput(
        "'\(name.printable)' is \(what), expected a regular file",
        advice: "restore the run directory from a copy, or start over with --redo")
    }
  }
}
