internal import CSQLite
internal import GRDB
internal import System

/// The tables of a journal. A journal is input: a file with anything else in it, views and triggers above all, is not
/// read.
enum JournalSchema {
  /// The longest value, in bytes: the partial of a shard of about 8,000 models. A file that holds longer ones costs no
  /// memory.
  static let largestValue: Int32 = 512 << 20

  static let settings = "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)"

  static let shards = """
    CREATE TABLE shard (
      id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, worker TEXT NOT NULL,
      seconds REAL NOT NULL, bytes_read INTEGER NOT NULL, finished TEXT NOT NULL,
      partial BLOB NOT NULL)
    """

  /// What the file holds instead of a journal's tables.
  struct Violation: Error {
    let reason: String
  }

  /// To be called before anything else is done with a connection.
  static func defend(_ db: Database) throws {
    let code = csqlite_defend(db.sqliteConnection, largestValue)
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }

  /// - Returns: false for a file that holds nothing yet.
  /// - Throws: `Violation` when the file holds anything but a journal's tables.
  static func check(_ db: Database) throws -> Bool {
    var expected = ["setting": settings, "shard": shards]
    let entries = try Row.fetchAll(
      db,
      sql: """
        SELECT CAST(substr(type, 1, 20) AS TEXT) AS type, CAST(substr(name, 1, 100) AS TEXT) AS name,
          CAST(coalesce(substr(sql, 1, 1000), '') AS TEXT) AS sql
        FROM sqlite_schema LIMIT 8
        """)
    guard !entries.isEmpty else { return false }
    for entry in entries {
      let (type, name, sql) = (text(entry, "type"), text(entry, "name"), text(entry, "sql"))
      // The index of the primary key, which SQLite makes itself.
      if type == "index", name == "sqlite_autoindex_setting_1", sql.isEmpty { continue }
      guard type == "table", let known = expected.removeValue(forKey: name) else {
        throw Violation(reason: "it holds the \(type.printable) '\(name.printable)', which no journal has")
      }
      guard words(sql) == words(known) else {
        throw Violation(reason: "its table '\(name)' has other columns than a journal of this version")
      }
    }
    if let missing = expected.keys.sorted().first { throw Violation(reason: "it has no table '\(missing)'") }
    return true
  }

  /// Names may be in quotes after a table was renamed.
  private static func words(_ sql: String) -> String {
    sql.filter { $0 != "\"" }.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private static func text(_ row: Row, _ column: String) -> String {
    String.fromDatabaseValue(row[column] as DatabaseValue) ?? ""
  }
}
