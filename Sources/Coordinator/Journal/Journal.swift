package import Core
internal import Foundation
internal import GRDB
package import System

/// The memory of a run: which shards are finished, and their partials. `journal.sqlite`.
///
/// SQLite in WAL mode, synced at every commit: recorded shards survive `kill -9` and power failures.
package final class Journal: Sendable {
  /// One finished shard.
  package struct Entry: Sendable {
    package var shard: ShardID
    package var attempt: Int
    /// Host and process that computed it.
    package var worker: String
    package var seconds: Double
    package var bytesRead: Int
    /// As encoded by `PartialCodec`, with its checksum.
    package var partial: [UInt8]

    package init(
      shard: ShardID, attempt: Int, worker: String, seconds: Double, bytesRead: Int, partial: [UInt8]
    ) {
      self.shard = shard
      self.attempt = attempt
      self.worker = worker
      self.seconds = seconds
      self.bytesRead = bytesRead
      self.partial = partial
    }
  }

  package let path: String
  private let database: DatabaseQueue

  /// Opens or creates the journal.
  ///
  /// - Throws: `Failure` when the journal cannot be written, or the file is not a journal.
  package init(path: String) throws(Failure) {
    self.path = path
    try JournalFiles.check(path, isWritten: true)
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      configuration.prepareDatabase { db in
        try JournalSchema.defend(db)
        // Partials are tens of kilobytes or more, and SQLite processes one page at a time. An existing journal keeps
        // its page size.
        try db.execute(sql: "PRAGMA page_size = \(Self.pageBytes)")
        // `secure_delete` and friends are off by default; FULL makes each commit durable.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        // By default the write-ahead log grows to a thousand pages, 64 MiB of these, before it is emptied, and keeps
        // the length that it once had.
        try db.execute(sql: "PRAGMA wal_autocheckpoint = \(Self.logBytes / Self.pageBytes)")
        try db.execute(sql: "PRAGMA journal_size_limit = \(Self.logBytes)")
      }
      database = try DatabaseQueue(path: path, configuration: configuration)
      _ = try database.read { try JournalSchema.check($0) }
      try database.writeWithoutTransaction { db in
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
      }
      try database.write { db in
        guard try !JournalSchema.check(db) else { return }
        try db.execute(sql: JournalSchema.settings)
        try db.execute(sql: JournalSchema.shards)
      }
    } catch {
      throw Self.failure(error, "open", path)
    }
  }

  static let pageBytes = 65536

  /// Length of the write-ahead log at which its contents go to the database. One commit may go beyond it.
  static let logBytes = 16 << 20

  /// Opens a journal for reading, which is safe while a coordinator writes to it.
  ///
  /// - Throws: `Failure` when the file is not a journal or cannot be read.
  package init(reading path: String) throws(Failure) {
    self.path = path
    try JournalFiles.check(path, isWritten: false)
    var configuration = Configuration()
    configuration.readonly = true
    configuration.prepareDatabase { try JournalSchema.defend($0) }
    configuration.busyMode = .timeout(5)
    do {
      database = try Self.reader(path, configuration)
    } catch {
      throw Self.failure(error, "read", path)
    }
  }

  private static func reader(_ path: String, _ configuration: Configuration) throws -> DatabaseQueue {
    func opened(_ name: String) throws -> DatabaseQueue {
      let database = try DatabaseQueue(path: name, configuration: configuration)
      guard try database.read({ try JournalSchema.check($0) }) else {
        throw JournalSchema.Violation(reason: "it is empty")
      }
      return database
    }
    // Readers of a WAL create files beside it. Where there is none, nobody writes, and none is needed; nor in a folder
    // that is read-only, where nobody can.
    let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
    let asItIs = "file:\(escaped)?immutable=1"
    guard FileStatus(path: path + "-wal") != nil else { return try opened(asItIs) }
    do {
      return try opened(path)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
      return try opened(asItIs)
    }
  }

  /// The value of a setting; nil when there is none.
  package func setting(_ name: String) throws(Failure) -> String? {
    do {
      return try database.read {
        try String.fetchOne($0, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
      }
    } catch {
      throw Self.failure(error, "read", path)
    }
  }

  /// What the run is, as `set` was given it under "identity".
  ///
  /// - Returns: nil for a journal that was only just made.
  /// - Throws: `Failure` (bad input) when it is gone though the journal holds other things: without it nobody could
  ///   tell whether the models are still the same.
  package func identity() throws(Failure) -> String? {
    if let identity = try setting(Self.identitySetting), !identity.isEmpty { return identity }
    let isNew: Bool
    do {
      isNew = try database.read {
        try Bool.fetchOne($0, sql: "SELECT NOT EXISTS (SELECT 1 FROM shard) AND NOT EXISTS (SELECT 1 FROM setting)")
          ?? false
      }
    } catch {
      throw Self.failure(error, "read", path)
    }
    guard isNew else {
      throw .badInput(
        "the journal '\(path.printable)' is damaged: it does not say which models its sums are of",
        advice: "start over with --redo, or restore the run directory from a copy")
    }
    return nil
  }

  package static let identitySetting = "identity"

  /// Stores settings, all of them or none.
  package func set(_ settings: [String: String]) throws(Failure) {
    do {
      try database.write { db in
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
          try db.execute(
            sql: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
            arguments: [name, value])
        }
      }
    } catch {
      throw Self.failure(error, "write", path)
    }
  }

  /// Makes the entries durable, all of them or none. A shard that is already recorded stays unchanged.
  package func record(_ entries: [Entry]) throws(Failure) {
    guard !entries.isEmpty else { return }
    do {
      try database.write { db in
        let insert = try db.cachedStatement(
          sql: """
            INSERT OR IGNORE INTO shard (id, attempt, worker, seconds, bytes_read, finished, partial)
            VALUES (?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?)
            """)
        for entry in entries {
          // Megabytes, which SQLite reads in place.
          try entry.partial.withUnsafeBytes { bytes in
            try insert.execute(arguments: [
              entry.shard.value, entry.attempt, entry.worker, entry.seconds, entry.bytesRead,
              bytes.baseAddress.map {
                Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: $0), count: bytes.count, deallocator: .none)
              },
            ])
            // The statement remembers its arguments.
            insert.setUncheckedArguments([])
          }
        }
      }
    } catch {
      throw Self.failure(error, "write", path)
    }
  }

  /// Adapts the journal to another plan, in one transaction.
  ///
  /// - Parameters:
  ///   - kept: shards of the new plan with the shards of the old plan whose partials they reuse.
  ///   - settings: replace existing ones with the same names.
  ///   - convert: makes the partial of a new shard from that of the old shard.
  /// - Throws: `Failure` when the journal cannot be written, and what `convert` throws.
  package func succeed(
    keeping kept: [(new: ShardID, old: ShardID)], settings: [String: String],
    _ convert: (ShardID, [UInt8]) throws(Failure) -> [UInt8]
  ) throws(Failure) {
    do {
      try database.write { db in
        try db.execute(sql: "ALTER TABLE shard RENAME TO former")
        try db.execute(sql: JournalSchema.shards)
        for (new, old) in kept {
          guard
            let bytes = try Data.fetchOne(
              db, sql: "SELECT partial FROM former WHERE id = ?", arguments: [old.value])
          else { continue }
          // Its bytes were already counted in the former run.
          try db.execute(
            sql: """
              INSERT INTO shard (id, attempt, worker, seconds, bytes_read, finished, partial)
              SELECT ?, attempt, worker, 0, 0, finished, ? FROM former WHERE id = ?
              """,
            arguments: [new.value, Data(try convert(new, Array(bytes))), old.value])
        }
        try db.execute(sql: "DROP TABLE former")
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
          try db.execute(
            sql: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
            arguments: [name, value])
        }
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Self.failure(error, "write", path)
    }
  }

  /// The shards that are recorded.
  package func finishedShards() throws(Failure) -> Set<ShardID> {
    do {
      return try database.read {
        Set(try Int.fetchAll($0, sql: "SELECT id FROM shard").map(ShardID.init))
      }
    } catch {
      throw Self.failure(error, "read", path)
    }
  }

  /// The encoded partial of a finished shard.
  package func partial(of shard: ShardID) throws(Failure) -> [UInt8]? {
    do {
      // A single statement sees a consistent state, without the five statements of a transaction around it.
      return try database.unsafeRead { db -> [UInt8]? in
        let query = try db.cachedStatement(sql: "SELECT partial FROM shard WHERE id = ?")
        let rows = try Row.fetchCursor(query, arguments: [shard.value])
        // Copied directly from SQLite's buffer.
        return try rows.next()?.withUnsafeData(atIndex: 0) { $0.map { Array($0) } }
      }
    } catch {
      throw Self.failure(error, "read", path)
    }
  }

  /// Totals over the finished shards.
  package func totals() throws(Failure) -> (shards: Int, bytesRead: Int, seconds: Double) {
    do {
      return try database.read { db in
        let row = try Row.fetchOne(
          // Unlike sum, total adds as double: exact below 2^53, and it cannot overflow.
          db, sql: "SELECT count(*), total(bytes_read), total(seconds) FROM shard")
        let bytes: Double = row?[1] ?? 0
        let seconds: Double = row?[2] ?? 0
        return (row?[0] ?? 0, Int(min(max(bytes, 0), 0x1p53)), seconds.isFinite ? seconds : 0)
      }
    } catch {
      throw Self.failure(error, "read", path)
    }
  }

  private static func failure(_ error: any Error, _ verb: String, _ path: String) -> Failure {
    if let violation = error as? JournalSchema.Violation {
      return .badInput(
        "'\(path.printable)' is not a journal of a run: \(violation.reason)",
        advice: "name another folder with --out, or start over with --redo")
    }
    // SQLite quotes what it finds in the file.
    let reason = ((error as? DatabaseError).map { "\($0.resultCode): \($0.message ?? "")" } ?? "\(error)").printable
    let code = (error as? DatabaseError)?.resultCode
    // Whatever else is wrong with a file that is only read, such as values of another type or sizes beyond all
    // memory, is its content.
    let isContent = code == nil || code == .SQLITE_ERROR || code == .SQLITE_SCHEMA || code == .SQLITE_NOMEM
    let isRead = verb == "read" && isContent
    if isRead || code == .SQLITE_NOTADB || code == .SQLITE_CORRUPT || code == .SQLITE_TOOBIG || code == .SQLITE_MISMATCH
    {
      return .badInput(
        "'\(path.printable)' is not a journal of a run: \(reason)",
        advice: "name another folder with --out, or start over with --redo")
    }
    return .cannotWrite(
      "cannot \(verb) the journal '\(path.printable)': \(reason)",
      advice: "check that the folder may be written to and has room, then run the same command again")
  }
}
