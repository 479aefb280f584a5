internal import Glibc
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
      throw .badInput("'\(name.printable)' is \(what), expected a regular file", advice: advice)
    }
    try refuseSuperJournal(path + "-journal")
  }

  private static let advice = "restore the run directory from a copy, or start over with --redo"

  /// At the end of a rollback journal that names another file (https://www.sqlite.org/fileformat2.html, section 3).
  private static let mark: [UInt8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]

  /// A rollback journal may name a file anywhere as that of a transaction over several databases, and SQLite removes
  /// that file once it has rolled back. A run has one database, and writes no such journal.
  private static func refuseSuperJournal(_ path: String) throws(Failure) {
    let file: Int32
    do throws(RegularFile.Problem) {
      file = try RegularFile.open(path, for: .reading)
    } catch {
      guard error != .missing else { return }
      throw .badInput("cannot read '\(path.printable)': \(error)", advice: advice)
    }
    defer { close(file) }
    let length = lseek(file, 0, SEEK_END)
    var end = [UInt8](repeating: 0, count: mark.count)
    guard length >= end.count, pread(file, &end, end.count, length - end.count) == end.count, end == mark else {
      return
    }
    throw .badInput(
      "'\(path.printable)' names another file, which SQLite would remove: no run writes such a journal", advice: advice)
  }
}
