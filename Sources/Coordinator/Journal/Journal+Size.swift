extension Journal {
  /// How long the files of a finished journal are, and how long its write-ahead log was at most.
  package struct Size: Sendable, Equatable {
    /// Bytes of `journal.sqlite`.
    package var database: Int
    /// Bytes of `journal.sqlite-wal`; gone once the run has ended.
    package var log: Int

    /// - Parameters:
    ///   - partials: length in bytes of every encoded partial, in the order of the shards.
    ///   - settings: length in bytes of what is kept beside them.
    ///   - commit: the most bytes of partials that wait to be made durable together.
    package init(partials: [Int], settings: Int, commit: Int) {
      var pages = 3 + Journal.pages(settings)
      var (leaves, room) = (0, 0)
      for partial in partials {
        let row = Row(payload: partial + Journal.rowBytes)
        pages += row.overflowPages
        if row.bytesInLeaf > room {
          leaves += 1
          room = Journal.pageBytes - 8
        }
        room -= row.bytesInLeaf
      }
      // Shards that are finished out of order leave some leaves less than full; pages above them point to both.
      pages += leaves + leaves / 8 + pages / 200 + 3
      database = pages * Journal.pageBytes
      // A commit writes its own pages, the leaf before and those above it. The log is emptied by the first commit that
      // finds it long enough, so that the one before may have gone beyond that length.
      let whole = pages + Self.rewrittenPages * (partials.count + 3)
      let last = Journal.pages(commit) + Journal.pages(partials.max() ?? 0) + Self.rewrittenPages
      log = min(whole, Journal.pages(Journal.logBytes) + last) * (Journal.pageBytes + Self.frameBytes)
    }

    private static let rewrittenPages = 3
    /// What the log says of a page.
    private static let frameBytes = 24
  }

  private static func pages(_ bytes: Int) -> Int { (bytes + pageBytes - 1) / pageBytes }

  /// Of a shard's row beside its partial: numbers, the time, names of workers as hosts have them.
  private static let rowBytes = 120

  /// Where SQLite puts a row of a table: in a leaf of its tree, and what does not fit on pages of its own
  /// (https://www.sqlite.org/fileformat2.html, section 1.6).
  private struct Row {
    let bytesInLeaf: Int
    let overflowPages: Int

    init(payload: Int) {
      let usable = Journal.pageBytes
      let most = usable - 35
      guard payload > most else {
        bytesInLeaf = payload + Self.cellBytes
        overflowPages = 0
        return
      }
      let least = (usable - 12) * 32 / 255 - 23
      let fitted = least + (payload - least) % (usable - 4)
      let local = fitted <= most ? fitted : least
      bytesInLeaf = local + Self.cellBytes
      overflowPages = (payload - local + usable - 5) / (usable - 4)
    }

    /// Lengths, the number of the shard, and where the cell begins.
    private static let cellBytes = 20
  }
}
