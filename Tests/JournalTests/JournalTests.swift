import Core
import Foundation
import GRDB
import Journal
import System
import TestSeed
import TestSupport
import Testing

/// The journal gives back what was recorded, and nothing else.
struct JournalTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.at("journal.sqlite")
  }

  private func entry(_ shard: Int, partial: [UInt8] = [1, 2, 3], attempt: Int = 1) -> Journal.Entry {
    Journal.Entry(
      shard: ShardID(shard), attempt: attempt, worker: "host:1", seconds: 0.5, bytesRead: 100,
      partial: partial)
  }

  @Test func newJournalIsEmpty() throws {
    let journal = try Journal(path: path)
    #expect(try journal.finishedShards().isEmpty)
    #expect(try journal.partial(of: ShardID(0)) == nil)
    #expect(try journal.setting("identity") == nil)
    #expect(try journal.totals() == (0, 0, 0))
  }

  @Test func recordedShardsComeBack() throws {
    let journal = try Journal(path: path)
    let large = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try journal.record([entry(3), entry(0, partial: large), entry(7, partial: [])])
    #expect(try journal.finishedShards() == [ShardID(0), ShardID(3), ShardID(7)])
    #expect(try journal.partial(of: ShardID(3)) == [1, 2, 3])
    #expect(try journal.partial(of: ShardID(0)) == large)
    #expect(try journal.partial(of: ShardID(7)) == [])
    #expect(try journal.partial(of: ShardID(1)) == nil)
    #expect(try journal.totals() == (3, 300, 1.5))
  }

  @Test func firstRecordOfAShardStays() throws {
    let journal = try Journal(path: path)
    try journal.record([entry(1, partial: [1]), entry(1, partial: [2], attempt: 2)])
    try journal.record([entry(1, partial: [3], attempt: 3), entry(2, partial: [4])])
    #expect(try journal.partial(of: ShardID(1)) == [1])
    #expect(try journal.partial(of: ShardID(2)) == [4])
    #expect(try journal.totals() == (2, 200, 1))
  }

  @Test func recordingNothingIsHarmless() throws {
    let journal = try Journal(path: path)
    try journal.record([])
    #expect(try journal.finishedShards().isEmpty)
  }

  @Test func reopenedJournalKnowsEverything() throws {
    do {
      let journal = try Journal(path: path)
      try journal.set(["identity": "abc", "options": "{\"memory\":1}"])
      try journal.record([entry(5, partial: [9])])
    }
    let journal = try Journal(path: path)
    #expect(try journal.finishedShards() == [ShardID(5)])
    #expect(try journal.partial(of: ShardID(5)) == [9])
    #expect(try journal.setting("identity") == "abc")
    #expect(try journal.setting("options") == "{\"memory\":1}")
  }

  @Test func laterSettingReplacesTheEarlier() throws {
    let journal = try Journal(path: path)
    try journal.set(["a": "1", "b": "2"])
    try journal.set(["a": "Größe 'x'; DROP TABLE shard"])
    #expect(try journal.setting("a") == "Größe 'x'; DROP TABLE shard")
    #expect(try journal.setting("b") == "2")
    #expect(try journal.finishedShards().isEmpty)
  }

  @Test func anotherReaderSeesWhatIsRecordedMeanwhile() throws {
    let journal = try Journal(path: path)
    let reader = try Journal(path: path)
    try journal.record([entry(1)])
    #expect(try reader.finishedShards() == [ShardID(1)])
  }

  @Test(arguments: [100...3_000, 20_000...70_000, 60_000...900_000])
  func itsFilesAreAsLongAsForetold(_ lengths: ClosedRange<Int>) throws {
    var random = Seeded.fresh()
    let partials = (0..<200).map { _ in Int.random(in: lengths, using: &random) }
    let size = Journal.Size(partials: partials, settings: 0, commit: 4 * lengths.upperBound)
    var log = 0
    do {
      let journal = try Journal(path: path)
      for start in stride(from: 0, to: partials.count, by: 4) {
        try journal.record(
          (start..<start + 4).map { entry($0, partial: Array(repeating: 7, count: partials[$0])) })
        log = max(log, FileStatus(path: path + "-wal")?.bytes ?? 0)
      }
    }
    let database = try #require(FileStatus(path: path)).bytes
    #expect(database <= size.database && Double(size.database) < 1.15 * Double(database) + 4 * 65536)
    #expect(log <= size.log, "the log took \(log) bytes of \(size.log)")
    #expect(FileStatus(path: path + "-wal") == nil, "nothing of the log stays")
  }

  @Test func theLogDoesNotGrowWithTheRun() throws {
    let journal = try Journal(path: path)
    let megabyte = Array(repeating: UInt8(7), count: 1 << 20)
    for shard in 0..<100 { try journal.record([entry(shard, partial: megabyte)]) }
    let log = try #require(FileStatus(path: path + "-wal")).bytes
    #expect(log < 24 << 20, "\(log) bytes after 100 MB")
  }

  @Test func fileThatIsNoDatabaseIsNamed() throws {
    try folder.write(String(repeating: "not a database\n", count: 100), to: "journal.sqlite")
    let error = try #require(failure { _ = try Journal(path: path) })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("'\(path)' is not a journal of a run"))
    #expect(error.advice.contains("--redo"))
  }

  /// Damage to what describes a table, which SQLite quotes in its error: it may not drive a terminal.
  @Test(arguments: [UInt8(ascii: "\u{1B}"), 1, 7, 13])
  func whatIsQuotedFromADamagedJournalIsPrintable(_ byte: UInt8) throws {
    do { _ = try Journal(path: path) }
    var bytes = try folder.read("journal.sqlite")
    let name = Array("CREATE TABLE setting".utf8)
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
    bytes[start + name.count] = byte
    bytes[start + name.count + 1] = byte
    try folder.write(bytes, to: "journal.sqlite")
    let error = try #require(failure { _ = try Journal(reading: path).identity() })
    #expect(error.kind == .badInput)
    #expect(!error.description.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }, "\(error)")
  }

  @Test func journalOverwrittenInTheMiddleIsNamed() throws {
    do {
      let journal = try Journal(path: path)
      for shard in 0..<50 { try journal.record([entry(shard, partial: .init(repeating: 7, count: 4000))]) }
    }
    var bytes = try folder.read("journal.sqlite")
    for p in bytes.indices.dropFirst(8192) { bytes[p] = 0xa5 }
    try folder.write(bytes, to: "journal.sqlite")
    let error = try #require(
      failure {
        let journal = try Journal(path: path)
        for shard in try journal.finishedShards() { _ = try journal.partial(of: shard) }
      })
    #expect(error.message.contains(path))
  }

  /// Whatever bytes are wrong, reading says that the file is no journal, if anything; never that there is no room.
  @Test func damageAnywhereIsDamage() throws {
    var random = Seeded.fresh()
    try recorded()
    var refused = 0
    let whole = try folder.read("journal.sqlite")
    for _ in 0..<300 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let start = Int.random(in: 0..<min(bytes.count, 1 << 13), using: &random)
        let any = UInt8.random(in: 0...255, using: &random)
        let value = [0, 0x80, 0xff, any][Int.random(in: 0..<4, using: &random)]
        for place in start..<min(bytes.count, start + Int.random(in: 1...64, using: &random)) { bytes[place] = value }
      }
      for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + ending) }
      try folder.write(bytes, to: "journal.sqlite")
      let error = failure {
        let journal = try Journal(reading: path)
        _ = try journal.identity()
        _ = try journal.totals()
        for shard in try journal.finishedShards().sorted().prefix(4) { _ = try journal.partial(of: shard) }
      }
      guard let error else { continue }
      refused += 1
      #expect(error.kind == .badInput, "\(error), seed \(random.seed)")
    }
    #expect(refused > 0)
  }

  @Test func folderThatCannotBeWrittenIsNamed() throws {
    try folder.write("a file", to: "file")
    for path in [folder.at("file/journal.sqlite"), folder.at("none/journal.sqlite")] {
      let error = try #require(failure { _ = try Journal(path: path) })
      #expect(error.kind == .cannotWrite)
      #expect(error.message.contains(path))
      #expect(!error.advice.isEmpty)
    }
  }

  @Test func anotherPlanKeepsWhatServesIt() throws {
    let journal = try Journal(path: path)
    try journal.set(["identity": "old", "other": "stays"])
    try journal.record([entry(0, partial: [0]), entry(1, partial: [1]), entry(2, partial: [2], attempt: 3)])
    try journal.succeed(
      keeping: [(ShardID(0), ShardID(2)), (ShardID(7), ShardID(0)), (ShardID(8), ShardID(99))],
      settings: ["identity": "new"]
    ) { shard, bytes in bytes + [UInt8(shard.value)] }
    #expect(try journal.finishedShards() == [ShardID(0), ShardID(7)])
    #expect(try journal.partial(of: ShardID(0)) == [2, 0])
    #expect(try journal.partial(of: ShardID(7)) == [0, 7])
    #expect(try journal.setting("identity") == "new")
    #expect(try journal.setting("other") == "stays")
    #expect(try journal.totals() == (2, 0, 0), "what was read for them counted before")
    try journal.record([entry(1)])
    #expect(try journal.finishedShards().count == 3)
  }

  @Test func aSuccessionThatFailsLeavesEverythingAsItWas() throws {
    let journal = try Journal(path: path)
    try journal.set(["identity": "old"])
    try journal.record([entry(0, partial: [0]), entry(1, partial: [1])])
    let failure = #expect(throws: Failure.self) {
      try journal.succeed(
        keeping: [(ShardID(5), ShardID(0)), (ShardID(6), ShardID(1))], settings: ["identity": "new"]
      ) { shard, bytes throws(Failure) in
        guard shard == ShardID(5) else { throw .badInput("damaged") }
        return bytes
      }
    }
    #expect(failure?.message == "damaged")
    #expect(try journal.finishedShards() == [ShardID(0), ShardID(1)])
    #expect(try journal.setting("identity") == "old")
  }

  // MARK: A journal is input

  /// Runs statements in a connection that is not the journal's.
  private func meddle(_ sql: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.writeWithoutTransaction { try $0.execute(sql: sql) }
  }

  private func recorded() throws {
    let journal = try Journal(path: path)
    try journal.set(["identity": "abc", "invocation": "{}"])
    try journal.record([entry(0), entry(1)])
  }

  @Test(arguments: [
    "DROP TABLE shard; CREATE VIEW shard AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 1 AS attempt, '' AS worker, 0.0 AS seconds, 0 AS bytes_read, '' AS finished, x'' AS partial FROM n",
    "DROP TABLE setting; CREATE VIEW setting AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'a' AS name, 'b' AS value FROM n WHERE i < 0",
    "CREATE TRIGGER t AFTER INSERT ON shard BEGIN DELETE FROM shard; END",
    "CREATE TABLE other (a)", "CREATE INDEX i ON shard (worker)", "DROP TABLE shard", "DROP TABLE setting",
    "ALTER TABLE shard ADD COLUMN more TEXT",
    "DROP TABLE shard; CREATE TABLE shard (id INTEGER PRIMARY KEY, attempt INTEGER, worker TEXT, seconds REAL, bytes_read INTEGER, finished TEXT, partial BLOB AS (zeroblob(900000000)))",
  ])
  func whatIsInItBesideItsTablesIsNamedAndNotRead(sql: String) throws {
    try recorded()
    try meddle(sql)
    for isReading in [false, true] {
      let found = failure { () throws(Failure) in
        if isReading { _ = try Journal(reading: path) } else { _ = try Journal(path: path) }
      }
      let error = try #require(found)
      #expect(error.kind == .badInput)
      #expect(error.message.contains(path))
      #expect(error.advice.contains("--redo"))
    }
  }

  @Test func aPartialThatIsTooLongCostsNoMemory() throws {
    try recorded()
    try meddle("UPDATE shard SET partial = zeroblob(900000000) WHERE id = 1")
    let before = ResidentMemory.bytes
    let journal = try Journal(reading: path)
    #expect(try journal.totals().shards == 2)
    #expect(try journal.partial(of: ShardID(0)) == [1, 2, 3])
    let error = try #require(failure { _ = try journal.partial(of: ShardID(1)) })
    #expect(error.kind == .badInput)
    #expect(ResidentMemory.bytes - before < 200_000_000)
  }

  @Test(arguments: [
    "DELETE FROM setting WHERE name = 'identity'", "UPDATE setting SET value = '' WHERE name = 'identity'",
    "DELETE FROM setting", "DELETE FROM shard; DELETE FROM setting WHERE name = 'identity'",
  ])
  func anIdentityThatIsGoneIsNoticed(sql: String) throws {
    try recorded()
    try meddle(sql)
    let journal = try Journal(path: path)
    let error = try #require(failure { _ = try journal.identity() })
    #expect(error.kind == .badInput)
    #expect(error.message.contains("does not say which models"))
  }

  @Test func aNewJournalHasNoIdentityYet() throws {
    let journal = try Journal(path: path)
    #expect(try journal.identity() == nil)
    try journal.set(["identity": "abc"])
    #expect(try journal.identity() == "abc")
  }

  @Test func absurdNumbersInItDoNotOverflow() throws {
    try recorded()
    try meddle("UPDATE shard SET bytes_read = 9223372036854775807, seconds = 1e308")
    let totals = try Journal(reading: path).totals()
    #expect(totals.shards == 2 && totals.bytesRead == 1 << 53 && totals.seconds >= 0)
  }

  @Test func aReaderSeesWhatIsWrittenMeanwhileAndWritesNothing() throws {
    let journal = try Journal(path: path)
    try journal.set(["identity": "abc"])
    let reader = try Journal(reading: path)
    #expect(try reader.setting("identity") == "abc")
    try journal.record([entry(4)])
    #expect(try reader.finishedShards() == [ShardID(4)])
    #expect(throws: Failure.self) { try reader.set(["identity": "other"]) }
    #expect(try journal.setting("identity") == "abc")
    #expect(throws: Failure.self) { _ = try Journal(reading: folder.at("none.sqlite")) }
  }
}
